import type { EventEmitter } from 'node:events';
import { closeSync, writeSync } from 'node:fs';
import sonicBoom from 'sonic-boom';
import type { Destination } from './destination.js';
import { StandardStream } from './standard-stream.js';

/** What waits for a destination that takes nothing; beyond it lines are dropped and counted. */
const MOST_WAITING = 16 * 1024 * 1024;
/** How long a batch may wait to become full. */
const BATCH_MS = 50;
/** When to try again after a reader was behind: first, and at last, each time twice as late. A pipe is soon empty, and holds little. */
const STALLED_FIRST_MS = 2;
const STALLED_LAST_MS = 128;
/** When to try again after a failure such as a full disk. */
const FAILED_MS = 1_000;
/** How long an exiting process waits for a reader that is behind. */
const LAST_CHANCE_MS = 200;
const NEW_LINE = 0x0a;

/** How a writer works. */
export interface LineWriterOptions {
	/** Lines may wait for more of them, a few hundredths of a second; the process writes each at once otherwise. */
	readonly batched: boolean;
	/** Told, in a sentence, when the destination fails, works again, or has missed lines. Not called from inside itself. */
	readonly onTrouble: (text: string) => void;
}

/** What is used of sonic-boom, which takes buffers, although its types do not say so. */
interface Output extends EventEmitter {
	write(bytes: Buffer): unknown;
	flush(): void;
	flushSync(): void;
	end(): void;
	destroy(): void;
}

/**
 * Writes whole lines to a destination, in their order, and never waits for it: what it does not take waits in memory, up to a bound.
 * Never throws. A line's bytes are written at once, so that lines of several processes do not mix; a line longer than 4096 bytes on a
 * pipe can, and so can the one that a disk had no room for any more.
 */
export class LineWriter {
	readonly #batched: boolean;
	readonly #onTrouble: (text: string) => void;
	#destination: Destination;
	#stream: Output;
	#batch = '';
	#timer: NodeJS.Timeout | undefined;
	#retry: NodeJS.Timeout | undefined;
	/** sonic-boom still has something to write. */
	#waiting = false;
	#failing = false;
	#dropped = 0;
	#stalledMs = STALLED_FIRST_MS;
	#exitAt: number | undefined;
	#closed = false;

	constructor(destination: Destination, { batched, onTrouble }: LineWriterOptions) {
		this.#batched = batched;
		this.#onTrouble = onTrouble;
		this.#destination = destination;
		this.#stream = this.#open(destination);
	}

	get destination(): Destination {
		return this.#destination;
	}

	/** @param lines whole lines, each with its end */
	write(lines: string): void {
		if (this.#closed) return;
		if (!this.#batched) {
			this.#writeAll(lines);
			return;
		}
		if (this.#batch.length + lines.length > this.#destination.batch) this.#writeBatch();
		this.#batch += lines;
		this.#timer ??= setTimeout(() => this.#writeBatch(), BATCH_MS).unref();
	}

	/** Goes on with a new destination; what waits for the old one still goes there, if it can. */
	reopen(destination: Destination): void {
		this.#writeBatch();
		const old = { stream: this.#stream, destination: this.#destination, waiting: this.#waiting };
		this.#destination = destination;
		this.#stream = this.#open(destination);
		this.#waiting = false;
		if (old.waiting) old.stream.end();
		else closeQuietly(old.destination);
	}

	/** Writes what can be written without waiting for long: right before the process exits. */
	flushSync(): void {
		if (this.#closed) return;
		this.#writeBatch();
		if (!this.#waiting) return;
		this.#exitAt = performance.now() + LAST_CHANCE_MS;
		try {
			this.#stream.flushSync();
			this.#waiting = false;
		} catch {
			// The destination takes nothing, which has been said; an exiting process cannot wait for it.
		}
		this.#exitAt = undefined;
	}

	/** Writes what waits, for at most `ms` milliseconds, and closes the destination. */
	async close(ms: number): Promise<void> {
		if (this.#closed) return;
		this.#writeBatch();
		if (this.#waiting) await this.#drained(ms);
		this.#closed = true;
		clearTimeout(this.#retry);
		if (this.#waiting || this.#destination.stream) this.#stream.destroy();
		else closeQuietly(this.#destination);
	}

	#drained(ms: number): Promise<void> {
		return new Promise((resolve) => {
			const deadline = setTimeout(resolve, ms);
			this.#stream.once('drain', () => {
				clearTimeout(deadline);
				resolve();
			});
		});
	}

	#writeBatch(): void {
		clearTimeout(this.#timer);
		this.#timer = undefined;
		const batch = this.#batch;
		this.#batch = '';
		if (batch !== '') this.#writeAll(batch);
	}

	#writeAll(lines: string): void {
		const bytes = Buffer.from(lines);
		const most = this.#destination.batch;
		if (bytes.length <= most) this.#writeOne(bytes);
		else for (const part of splitLines(bytes, most)) this.#writeOne(part);
	}

	#writeOne(bytes: Buffer): void {
		// A batch for a file is left to libuv's pool, in case the disk is slow. What is written at once survives whatever comes after it.
		const { isFile, stream } = this.#destination;
		const direct = !this.#waiting && !stream && !(this.#batched && isFile);
		const rest = direct ? this.#writeNow(bytes) : bytes;
		if (rest.length === 0) {
			this.#drain();
			return;
		}
		this.#waiting = true;
		this.#stream.write(rest);
	}

	/** Returns what could not be written. */
	#writeNow(bytes: Buffer): Buffer {
		try {
			return bytes.subarray(writeSync(this.#destination.fd, bytes));
		} catch {
			// sonic-boom tries again, and meets the same error if it lasts.
			return bytes;
		}
	}

	#open(destination: Destination): Output {
		const stream = destination.stream ? new StandardStream(destination.stream) : this.#openSonic(destination);
		const current = (act: () => void) => () => {
			if (this.#stream === stream) act();
		};
		stream.on(
			'write',
			current(() => {
				this.#stalledMs = STALLED_FIRST_MS;
			}),
		);
		stream.on(
			'drain',
			current(() => this.#drain()),
		);
		stream.on('drop', (bytes: Buffer) => {
			this.#dropped += countLines(bytes);
		});
		stream.on('error', (error: NodeJS.ErrnoException) => {
			if (this.#stream === stream) {
				this.#fail(error);
				return;
			}
			this.#tell(`Lost the lines that waited for the old ${destination.name}: ${error.message}`);
			stream.destroy();
		});
		return stream;
	}

	#openSonic(destination: Destination): Output {
		return new sonicBoom.SonicBoom({
			fd: destination.fd,
			sync: false,
			contentMode: 'buffer',
			maxWrite: destination.batch,
			maxLength: MOST_WAITING,
			// Only for `flushSync`, which waits 100 ms each time; otherwise `error` says it, and the pause is ours.
			retryEAGAIN: () => this.#exitAt !== undefined && performance.now() < this.#exitAt,
		}) as unknown as Output;
	}

	#drain(): void {
		this.#waiting = false;
		const { name } = this.#destination;
		const dropped = this.#dropped;
		this.#dropped = 0;
		if (this.#failing) this.#tell(`Writing to ${name} works again${dropped > 0 ? `; lines dropped meanwhile: ${dropped}` : ''}`);
		else if (dropped > 0) this.#tell(`Lines dropped because the reader of ${name} did not keep up: ${dropped}`);
		this.#failing = false;
	}

	#fail(error: NodeJS.ErrnoException): void {
		if (this.#closed) return;
		const stalled = error.code === 'EAGAIN' || error.code === 'EBUSY';
		if (!stalled && !this.#failing) {
			this.#failing = true;
			this.#tell(`Cannot write to ${this.#destination.name}, which is tried again each second: ${error.message}`);
		}
		if (this.#retry) return;
		this.#retry = setTimeout(() => this.#tryAgain(), stalled ? this.#stalledMs : FAILED_MS).unref();
		this.#stalledMs = Math.min(this.#stalledMs * 2, STALLED_LAST_MS);
	}

	#tryAgain(): void {
		this.#retry = undefined;
		this.#stream.flush();
	}

	/** Later, for it may be told to this very writer. */
	#tell(text: string): void {
		setImmediate(() => this.#onTrouble(text));
	}
}

/** Cuts after a line's end wherever there is one within `most` bytes; a longer line stays whole. */
function* splitLines(bytes: Buffer, most: number): Generator<Buffer> {
	for (let start = 0; start < bytes.length; ) {
		let end = bytes.length;
		if (end - start > most) {
			const last = bytes.lastIndexOf(NEW_LINE, start + most - 1);
			const first = last >= start ? last : bytes.indexOf(NEW_LINE, start + most);
			end = first < 0 ? bytes.length : first + 1;
		}
		yield bytes.subarray(start, end);
		start = end;
	}
}

function countLines(bytes: Buffer): number {
	let lines = 0;
	for (let at = bytes.indexOf(NEW_LINE); at >= 0; at = bytes.indexOf(NEW_LINE, at + 1)) lines++;
	return lines;
}

function closeQuietly({ fd, own }: Destination): void {
	try {
		if (own) closeSync(fd);
	} catch {
		// What a file system says only now (EDQUOT, EIO) has no one left to be told, and the descriptor is gone in any case.
	}
}
