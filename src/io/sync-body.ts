import { block, engineFor } from '../engine/engine.js';
import { ClosedError } from '../errors.js';
import { ABANDON, READ_BODY } from './http-messages.js';

/** What the hub holds ahead of the reader, and therefore the most that one read can bring. */
const AHEAD = 65_536;

/**
 * The body of a response, read as it comes in. The hub holds at most 64 KB of it ahead and lets the server wait beyond that.
 * Belongs to the greenlet that made the request; the connection is given up when that greenlet ends.
 * @example
 * ```js
 * import { getSync } from 'tsgevent/http';
 * for (const bytes of getSync('http://localhost:8080/').body) console.log(bytes.length);
 * ```
 */
export class SyncBody implements Iterable<Buffer> {
	#ahead: Buffer | null;
	/** 0 when the hub has nothing more. */
	#handle: number;
	#closed = false;
	#used = false;

	/** Made by `requestSync`, `getSync` and `fetchSync`. */
	constructor(ahead: Buffer, handle: number) {
		this.#ahead = ahead.length > 0 ? ahead : null;
		this.#handle = handle;
	}

	/** Whether anything has asked for the body yet. */
	get used(): boolean {
		return this.#used;
	}

	/**
	 * The next bytes, as soon as there are any. Switches unless they are here already.
	 * @param max the most to return, in bytes; default 64 KB, which is also the limit
	 * @returns null at the end of the body
	 * @throws `ECONNRESET` the server ended the connection before the body's end
	 * @throws TimedOutError `ETIMEDOUT` nothing came within `bodyTimeout`, or the request's whole `timeout` is over
	 * @throws ClosedError `ERR_CLOSED` after `close()`
	 */
	read(max = AHEAD): Buffer | null {
		if (!Number.isInteger(max) || max < 1) {
			throw Object.assign(new RangeError(`Cannot read from the body: "max" must be a positive integer of bytes, got ${String(max)}`), {
				code: 'ERR_OUT_OF_RANGE',
			});
		}
		return this.#read(1, Math.min(max, AHEAD));
	}

	/**
	 * The rest of the body. Switches unless it is here already.
	 * @param encoding when given, the text in that encoding instead of a `Buffer`
	 * @throws the same as `read`
	 */
	readAll(): Buffer;
	readAll(encoding: BufferEncoding): string;
	readAll(encoding?: BufferEncoding): Buffer | string {
		const chunks: Buffer[] = [];
		for (let chunk = this.#read(AHEAD, AHEAD); chunk; chunk = this.#read(AHEAD, AHEAD)) chunks.push(chunk);
		const whole = chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks);
		return encoding === undefined ? whole : whole.toString(encoding);
	}

	/** Gives the body in pieces, as they come. Leaving the loop early does not close it. */
	*[Symbol.iterator](): Generator<Buffer, void, undefined> {
		for (let chunk = this.read(); chunk; chunk = this.read()) yield chunk;
	}

	/** Gives up the rest of the body, and its connection when some of it is still to come. Never switches; may be repeated. */
	close(): void {
		this.#closed = true;
		this.#ahead = null;
		const handle = this.#handle;
		this.#handle = 0;
		if (handle !== 0) engineFor(ABANDON.name).post(ABANDON, handle);
	}

	[Symbol.dispose](): void {
		this.close();
	}

	#read(atLeast: number, max: number): Buffer | null {
		if (this.#closed) throw new ClosedError('Cannot read from the body: it was closed');
		this.#used = true;
		if (this.#ahead) return this.#takeAhead(max);
		if (this.#handle === 0) return null;
		const chunk = block(READ_BODY, this.#handle, atLeast, max);
		if (!chunk || chunk.length < atLeast) this.#handle = 0;
		return chunk;
	}

	#takeAhead(max: number): Buffer {
		const ahead = this.#ahead as Buffer;
		this.#ahead = ahead.length > max ? ahead.subarray(max) : null;
		return ahead.length > max ? ahead.subarray(0, max) : ahead;
	}
}
