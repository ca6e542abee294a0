import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { constants } from 'node:os';
import type { Readable, Writable } from 'node:stream';
import type { Resource } from '../hub/service.js';
import type { ChildEnd, ChildMessage } from './child-process-messages.js';

interface SystemError {
	readonly code: string;
	readonly errno: number;
}

/** What the kernel calls these in the result; libuv's numbers are the negative ones. */
const TIMED_OUT: SystemError = { code: 'ETIMEDOUT', errno: -constants.errno.ETIMEDOUT };
const BROKEN_PIPE: SystemError = { code: 'EPIPE', errno: -constants.errno.EPIPE };
const TOO_MUCH: SystemError = { code: 'ENOBUFS', errno: -constants.errno.ENOBUFS };

/** One child from its start to its end, with what it wrote. Owned by the greenlet that waits for it. */
export class ChildRun implements Resource {
	readonly kind: string;
	readonly #child: ChildProcess;
	readonly #message: ChildMessage;
	/** Absent when the process is out of descriptors. */
	readonly #stdio: readonly (Readable | Writable | null | undefined)[];
	readonly #output: Buffer[][];
	#bytes = 0;
	#error: SystemError | null = null;
	/** Counts only when nothing worse happened: the child had stopped reading. */
	#pipeError: SystemError | null = null;
	#exited = false;

	constructor(child: ChildProcess, message: ChildMessage) {
		this.kind = `child ${child.pid ?? child.spawnfile}`;
		this.#child = child;
		this.#message = message;
		this.#stdio = (child.stdio as ChildProcess['stdio'] | undefined) ?? [];
		this.#output = this.#stdio.map(() => []);
		for (const [index, stream] of this.#stdio.entries()) if (stream && index > 0) this.#collect(stream as Readable, index);
		child.once('exit', () => {
			this.#exited = true;
			// Node gives the pipe up at the exit, which may be seen before the error of a write that nobody will ever read.
			if (child.stdin && child.stdin.writableLength > 0) this.#pipeError ??= BROKEN_PIPE;
		});
		child.stdin?.on('error', (error: NodeJS.ErrnoException) => {
			// The kernel says reset instead when the child ends in the very moment of a write, with something left unread.
			this.#pipeError ??= error.code === 'ECONNRESET' ? BROKEN_PIPE : systemError(error);
		});
		child.stdin?.end(message.input ?? undefined);
	}

	/** Calls `tell` once, when the child has ended and its pipes are closed. */
	onEnd(tell: (end: ChildEnd) => void): void {
		const child = this.#child;
		child.on('error', (error: NodeJS.ErrnoException) => {
			if (child.pid === undefined) tell(this.#result(systemError(error), null, null));
			else this.#error ??= systemError(error);
		});
		child.once('close', (status, signal) => {
			if (child.pid !== undefined) tell(this.#result(this.#error ?? this.#pipeError, signal ? null : status, signal));
		});
	}

	/** Its time is over. */
	expire(): void {
		this.#end(TIMED_OUT);
	}

	/** Kills the child, as nobody waits for it any more. */
	dispose(): void {
		if (!this.#exited) this.#end(null);
	}

	#collect(stream: Readable, index: number): void {
		stream.on('data', (chunk: Buffer) => {
			this.#output[index]?.push(chunk);
			this.#bytes += chunk.length;
			if (this.#message.maxBuffer > 0 && this.#bytes > this.#message.maxBuffer) this.#end(TOO_MUCH);
		});
		stream.on('error', (error: NodeJS.ErrnoException) => {
			this.#pipeError ??= systemError(error);
		});
	}

	/** As Node does: stops listening to the child, sends it the signal, and still waits for its exit. */
	#end(error: SystemError | null): void {
		this.#error ??= error;
		for (const stream of this.#stdio) stream?.destroy();
		this.#child.kill(this.#message.killSignal as NodeJS.Signals);
	}

	#result(error: SystemError | null, status: number | null, signal: string | null): ChildEnd {
		const { pid, spawnfile, spawnargs } = this.#child;
		const output = this.#stdio.map((stream, index) => (stream && index > 0 ? Buffer.concat(this.#output[index] as Buffer[]) : null));
		return { pid: pid ?? 0, status, signal, output: pid === undefined ? null : output, error, file: spawnfile, args: spawnargs };
	}
}

/**
 * Starts a child; when the system refuses at once, returns how it ended.
 * @throws Node's own complaints about arguments, with their codes
 */
export function startChild(message: ChildMessage): ChildRun | ChildEnd {
	const { file, args, options, stdio } = message;
	try {
		return new ChildRun(spawn(file, args as string[], { ...options, stdio: stdio as StdioOptions }), message);
	} catch (error) {
		// Complaints about arguments go to the caller as they are; the system's belong into the result.
		if ((error as NodeJS.ErrnoException).syscall === undefined) throw error;
		return { pid: 0, status: null, signal: null, output: null, error: systemError(error as Error), file, args: [file, ...args] };
	}
}

/** What of an error the result of `spawnSync` tells. */
function systemError({ code, errno }: NodeJS.ErrnoException): SystemError {
	return { code: code ?? 'UNKNOWN', errno: errno ?? 0 };
}
