import { Readable } from 'node:stream';
import { RUN_MAIN, SHUTDOWN } from '../engine/core-operations.js';
import { runningEngine } from '../engine/engine.js';
import { setStrayHandler } from '../engine/threads/greenlet-thread.js';
import { registerRunner } from '../engine/threads/runners.js';
import type { ThreadEngine } from '../engine/threads/thread-engine.js';
import { setCurrentName } from '../greenlet/current.js';
import { setMainModule } from '../greenlet/main-module.js';
import { runEntry } from './run-entry.js';
import * as runner from './runner-messages.js';

/*
 * The runner's main greenlet: the program's entry module in a pool thread that looks to it like a process's main thread.
 */

/** What the process has that this thread can only know from being told. */
export interface MainProcess {
	readonly ipc: boolean;
}

let mainProcess: MainProcess = { ipc: false };

/** Called when a thread starts. */
export function preload(data: MainProcess): void {
	mainProcess = data;
}

let readingInput = 0;

registerRunner(RUN_MAIN, async (url) => {
	const engine = runningEngine() as ThreadEngine;
	setCurrentName('main');
	setMainModule(url);
	forward(engine);
	const exit = (code: number): void => {
		process.exitCode ??= code;
		process.emit('exit', Number(process.exitCode ?? code));
		engine.call(runner.EXIT, Number(process.exitCode ?? code), engine.call(SHUTDOWN) ? 1 : 0);
	};
	process.exit = ((code?: number | string | null) => {
		if (code !== undefined && code !== null) process.exitCode = Number(code);
		exit(0);
	}) as typeof process.exit;
	setStrayHandler((error) => {
		console.error('Uncaught', error);
		process.exitCode = 1;
		exit(1);
	});
	try {
		await runEntry(url);
	} catch (error) {
		console.error(error);
		process.exitCode = 1;
		return exit(1);
	}
	await untilNothingIsLeft(engine);
	exit(0);
});

/** The program has ended when no greenlet is alive and nothing on this thread's own loop could still call back. */
async function untilNothingIsLeft(engine: ThreadEngine): Promise<void> {
	for (;;) {
		await engine.callAsync(runner.ALONE);
		if (loopIsEmpty()) {
			process.emit('beforeExit', Number(process.exitCode ?? 0));
			await new Promise((resolve) => setImmediate(resolve));
			if (loopIsEmpty()) return;
		}
		await new Promise((resolve) => setTimeout(resolve, 5).unref());
	}
}

function loopIsEmpty(): boolean {
	if (readingInput > 0 || (mainProcess.ipc && process.connected && process.listenerCount('message') > 0)) return false;
	return process.getActiveResourcesInfo().every((resource) => resource === 'MessagePort' || resource === 'Immediate');
}

function forward(engine: ThreadEngine): void {
	process.chdir = (directory) => engine.call(runner.CHDIR, String(directory));
	process.umask = ((mask?: number | string) =>
		engine.call(
			runner.UMASK,
			mask === undefined ? -1 : Number.parseInt(String(mask), typeof mask === 'string' ? 8 : 10),
		)) as typeof process.umask;
	forwardInput(engine);
	forwardSignals(engine);
	if (mainProcess.ipc) forwardIpc(engine);
	const bell = engine.onBell;
	engine.onBell = (message) => {
		if (typeof message === 'object' && 'signal' in message)
			process.emit(message.signal as NodeJS.Signals, message.signal as NodeJS.Signals);
		else if (typeof message === 'object' && 'ipc' in message) process.emit('message', message.ipc, undefined);
		else if (typeof message === 'object' && 'disconnected' in message) disconnected();
		else bell(message);
	};
}

function forwardInput(engine: ThreadEngine): void {
	let input: Readable | undefined;
	const { isTTY } = process.stdin;
	const make = () =>
		Object.assign(
			new Readable({
				read() {
					readingInput++;
					engine
						.callAsync(runner.STDIN_READ)
						.finally(() => readingInput--)
						.then(
							(piece) => this.push(piece),
							(error: Error) => this.destroy(error),
						);
				},
			}),
			{ fd: 0, isTTY },
		);
	Object.defineProperty(process, 'stdin', { configurable: true, enumerable: true, get: () => (input ??= make()) });
}

/** A thread can listen to signals but never gets any: the main thread watches those that have listeners here. */
function forwardSignals(engine: ThreadEngine): void {
	const watch = (signal: string | symbol, on: boolean) => {
		if (typeof signal === 'string' && /^SIG[A-Z0-9]+$/.test(signal)) engine.post(runner.SIGNAL_WATCH, signal, on);
	};
	process.on('newListener', (event) => watch(event, true));
	process.on('removeListener', (event) => {
		if (process.listenerCount(event) === 0) watch(event, false);
	});
}

function forwardIpc(engine: ThreadEngine): void {
	process.connected = true;
	process.send = ((message: unknown, ...rest: unknown[]) => {
		engine.post(runner.IPC_SEND, message);
		const done = rest.findLast((argument) => typeof argument === 'function') as ((error: Error | null) => void) | undefined;
		if (done) setImmediate(done, null);
		return true;
	}) as NonNullable<typeof process.send>;
	process.disconnect = () => engine.post(runner.IPC_DISCONNECT);
}

function disconnected(): void {
	process.connected = false;
	process.emit('disconnect');
}
