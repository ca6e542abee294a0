import { duration } from '../engine/duration.js';
import { block, engineFor } from '../engine/engine.js';
import { registerHandle } from '../engine/threads/codec.js';
import { ClosedError, IncompleteReadError } from '../errors.js';
import type { HANDLE } from '../greenlet/cloned.js';
import { checkCount } from './argument-check.js';
import { argumentError, shown } from './argument-error.js';
import {
	CLOSE_SOCKET,
	END,
	type Endpoints,
	NONE,
	type Opened,
	READ,
	READ_ALL,
	READ_EXACTLY,
	READ_LINE,
	READ_UNTIL,
	RELEASE_SOCKET,
	SET_KEEP_ALIVE,
	SET_NO_DELAY,
	WRITE,
} from './net-messages.js';

/** How far `readUntil` and `readLine` look. */
export interface ReadUntilOptions {
	/** Most bytes to read, terminator included; default 1 MiB. A peer that sends none cannot fill the memory. */
	readonly maxLength?: number;
}

/** What `readLine` may be told. */
export interface ReadLineOptions extends ReadUntilOptions {
	/** Default `'utf8'`; one in which a line feed is the one byte 10. */
	readonly encoding?: LineEncoding;
}

/** What `readAll` may be told. */
export interface ReadAllOptions {
	/** `undefined`: the result is a Buffer. */
	readonly encoding?: BufferEncoding | undefined;
	/** Most bytes to read; default no limit. */
	readonly maxLength?: number;
}

/** Encodings in which a line feed is the one byte 10. */
export type LineEncoding = 'utf8' | 'utf-8' | 'ascii' | 'latin1' | 'binary';

const LINE_ENCODINGS: readonly string[] = ['utf8', 'utf-8', 'ascii', 'latin1', 'binary'];
const MAX_LENGTH = 1024 * 1024;
const NOTHING = Buffer.alloc(0);
const LINE_FEED = Buffer.from('\n');
const CARRIAGE_RETURN = 13;

/**
 * A connected stream socket, TCP or Unix, in blocking style: `connectSync` and `Listener.accept` make them.
 *
 * Its methods may be called in any greenlet and park only that one. One greenlet at a time may read; several may
 * write, and each write stays in one piece. The state lives on the hub: the object may be passed to `spawn`, then
 * both greenlets hold one connection, which ends with `close()` or with its last holder. Bytes belong to a
 * reader only once its call has returned: a read that is killed or times out loses none.
 * @example
 * ```ts
 * using socket = connectSync(7007, '127.0.0.1'); // where an echo server listens
 * socket.setTimeout(5_000);
 * socket.write('one\ntwo\n');
 * console.log(socket.readLine()); // one
 * socket.end();
 * console.log(socket.readAll('utf8')); // two
 * ```
 */
export class Socket {
	declare readonly [HANDLE]: true;
	readonly #handle: number;
	readonly #endpoints: Endpoints;
	#timeoutMs: number;
	#closed = false;
	#ended = false;
	#endSent = false;

	/** @internal Sockets come from `connectSync`, `Listener.accept` and other threads. */
	constructor(opened: Opened, timeoutMs = NONE) {
		this.#handle = opened.handle;
		this.#endpoints = opened.endpoints;
		this.#timeoutMs = timeoutMs;
	}

	/** This end's address; undefined for a Unix path. */
	get localAddress(): string | undefined {
		return this.#endpoints.localAddress;
	}

	/** This end's port; undefined for a Unix path. */
	get localPort(): number | undefined {
		return this.#endpoints.localPort;
	}

	/** `'IPv4'` or `'IPv6'`; undefined for a Unix path. */
	get localFamily(): string | undefined {
		return this.#endpoints.localFamily;
	}

	/** The peer's address; undefined for a Unix path. */
	get remoteAddress(): string | undefined {
		return this.#endpoints.remoteAddress;
	}

	/** The peer's port; undefined for a Unix path. */
	get remotePort(): number | undefined {
		return this.#endpoints.remotePort;
	}

	/** `'IPv4'` or `'IPv6'`; undefined for a Unix path. */
	get remoteFamily(): string | undefined {
		return this.#endpoints.remoteFamily;
	}

	/** This object was closed or released; another greenlet's `close()` shows at the next call only. */
	get closed(): boolean {
		return this.#closed;
	}

	/** Open, and no read through this object has met the end yet. */
	get readable(): boolean {
		return !this.#closed && !this.#ended;
	}

	/** Open, and `end()` has not been called on this object. */
	get writable(): boolean {
		return !this.#closed && !this.#endSent;
	}

	/** Milliseconds a read, write or `end` may take; 0 for no limit. */
	get timeout(): number {
		return Math.max(0, this.#timeoutMs);
	}

	/**
	 * Waits until something has arrived and returns it. Parks, unless bytes are there already.
	 * @param max most bytes to return, an integer from 0; undefined: what has arrived, at most 64 KB
	 * @returns at least one byte (none only for `max` 0), or null at the end of the stream
	 * @throws BusyError `ERR_BUSY` when another greenlet is reading
	 * @throws TimedOutError `ETIMEDOUT` after `setTimeout`; nothing is lost
	 * @throws ClosedError `ERR_CLOSED` when the socket is or becomes closed on this side
	 * @throws Error `ECONNRESET` and the system's other errors, once all that arrived before has been read
	 */
	read(max?: number): Buffer | null {
		const handle = this.#open('read from');
		if (max === undefined) return this.#noteEnd(block(READ, handle, this.#timeoutMs, NONE));
		if (checkCount('Socket.read', 'max', max) === 0) return NOTHING;
		return this.#noteEnd(block(READ, handle, this.#timeoutMs, max));
	}

	/**
	 * Waits for exactly `count` bytes. Parks, unless they are there already.
	 * @param count an integer from 0
	 * @returns null when the stream had ended before the first byte
	 * @throws IncompleteReadError `ERR_INCOMPLETE_READ` when it ends in between; `partial` has the bytes
	 * @throws as `read`; what has arrived is kept for the next call
	 */
	readExactly(count: number): Buffer | null {
		const handle = this.#open('read from');
		if (checkCount('Socket.readExactly', 'count', count) === 0) return NOTHING;
		const bytes = this.#noteEnd(block(READ_EXACTLY, handle, this.#timeoutMs, count));
		if (bytes === null || bytes.length === count) return bytes;
		this.#ended = true;
		throw new IncompleteReadError(`Cannot read ${count} bytes: the peer ended the stream after ${bytes.length}`, bytes, count);
	}

	/**
	 * Waits for `separator` and returns everything up to and including it. Parks, unless it is there already.
	 * @param separator at least one byte
	 * @returns null when the stream had ended before the first byte
	 * @throws IncompleteReadError `ERR_INCOMPLETE_READ` when it ends in between; `partial` has the bytes
	 * @throws ReadLimitError `ERR_READ_LIMIT` when there is none within `maxLength`; the bytes stay readable
	 * @throws as `read`; what has arrived is kept for the next call
	 */
	readUntil(separator: string | Uint8Array, options: ReadUntilOptions = {}): Buffer | null {
		const handle = this.#open('read from');
		const pattern = toBuffer('Socket.readUntil', separator);
		if (pattern.length === 0) throw argumentError('ERR_INVALID_ARG_VALUE', 'Cannot call Socket.readUntil: the separator is empty');
		const maxLength = checkCount('Socket.readUntil', 'maxLength', options.maxLength ?? MAX_LENGTH);
		const bytes = this.#noteEnd(block(READ_UNTIL, handle, this.#timeoutMs, maxLength, pattern));
		if (bytes === null || bytes.subarray(-pattern.length).equals(pattern)) return bytes;
		this.#ended = true;
		throw new IncompleteReadError(`Cannot read up to the separator: the peer ended the stream after ${bytes.length} bytes`, bytes);
	}

	/**
	 * Waits for a line and returns it without its terminator, `\n` or `\r\n`; a last line needs none. Parks, unless it is
	 * there already.
	 * @param options the encoding, default `'utf8'`, or more
	 * @returns null at the end of the stream
	 * @throws ReadLimitError `ERR_READ_LIMIT` when a line is longer than `maxLength`; the bytes stay readable
	 * @throws as `read`; what has arrived is kept for the next call
	 */
	readLine(options: LineEncoding | ReadLineOptions = {}): string | null {
		const handle = this.#open('read from');
		const { encoding = 'utf8', maxLength = MAX_LENGTH } = typeof options === 'string' ? { encoding: options } : options;
		if (!LINE_ENCODINGS.includes(encoding)) {
			const known = LINE_ENCODINGS.join(', ');
			throw argumentError('ERR_INVALID_ARG_VALUE', `Cannot call Socket.readLine: encoding must be one of ${known}, got ${shown(encoding)}`);
		}
		const most = checkCount('Socket.readLine', 'maxLength', maxLength);
		const bytes = this.#noteEnd(block(READ_LINE, handle, this.#timeoutMs, most, LINE_FEED));
		if (bytes === null) return null;
		let length = bytes.length;
		if (bytes[length - 1] === LINE_FEED[0]) {
			length -= 1;
			if (bytes[length - 1] === CARRIAGE_RETURN) length -= 1;
		} else this.#ended = true;
		return bytes.toString(encoding, 0, length);
	}

	/**
	 * Waits for the end of the stream and returns everything before it. Parks, unless it has come already.
	 * @param options an encoding for a string, or more; undefined: a Buffer
	 * @returns empty at the end of the stream, never null
	 * @throws ReadLimitError `ERR_READ_LIMIT` when more than `maxLength` bytes come; they stay readable
	 * @throws as `read`; what has arrived is kept for the next call
	 */
	readAll(options?: ReadAllOptions & { readonly encoding?: undefined }): Buffer;
	readAll(options: BufferEncoding | (ReadAllOptions & { readonly encoding: BufferEncoding })): string;
	readAll(options: BufferEncoding | ReadAllOptions): Buffer | string;
	readAll(options: BufferEncoding | ReadAllOptions = {}): Buffer | string {
		const handle = this.#open('read from');
		const { encoding, maxLength }: ReadAllOptions = typeof options === 'string' ? { encoding: options } : options;
		if (encoding !== undefined && !Buffer.isEncoding(encoding)) {
			throw argumentError('ERR_INVALID_ARG_VALUE', `Cannot call Socket.readAll: ${shown(encoding)} is not an encoding`);
		}
		const most = maxLength === undefined ? NONE : checkCount('Socket.readAll', 'maxLength', maxLength);
		const bytes = block(READ_ALL, handle, this.#timeoutMs, most);
		this.#ended = true;
		return encoding === undefined ? bytes : bytes.toString(encoding);
	}

	/** Yields what arrives, until the end. Leaving the loop does not close the socket. */
	*[Symbol.iterator](): IterableIterator<Buffer> {
		for (let chunk = this.read(); chunk !== null; chunk = this.read()) yield chunk;
	}

	/**
	 * Sends `data`, all of it; returns when the operating system has taken it, so that a peer that does not read
	 * stops this greenlet and the hub keeps nothing. Parks.
	 * @param encoding of a string; default `'utf8'`
	 * @throws TimedOutError `ETIMEDOUT` after `setTimeout`; if sending had begun, it goes on
	 * @throws GreenError `ERR_STREAM_WRITE_AFTER_END` after `end()`
	 * @throws ClosedError `ERR_CLOSED` when the socket is or becomes closed on this side
	 * @throws Error `EPIPE`, `ECONNRESET` and the system's other errors
	 */
	write(data: string | Uint8Array, encoding?: BufferEncoding): void {
		const handle = this.#open('write to');
		block(WRITE, handle, this.#timeoutMs, toBuffer('Socket.write', data, encoding));
	}

	/**
	 * Ends this side's half of the stream, after `data` if there is any; the other half stays readable. Parks until the
	 * end has been sent; harmless when repeated.
	 * @param data sent first, as `write` does
	 * @throws as `write`
	 */
	end(data?: string | Uint8Array, encoding?: BufferEncoding): void {
		if (data !== undefined) this.write(data, encoding);
		block(END, this.#open('end'), this.#timeoutMs);
		this.#endSent = true;
	}

	/**
	 * Closes the connection for all its holders; those parked on it get a `ClosedError`. What was written before
	 * is delivered. Harmless when repeated.
	 */
	close(): void {
		if (this.#closed) return;
		this.#closed = true;
		block(CLOSE_SOCKET, this.#handle);
	}

	/**
	 * Lets go of the connection, which stays open for the other greenlets that hold it: for an accept loop that has
	 * passed it to `spawn`. The last one to let go closes it. Harmless when repeated.
	 */
	release(): void {
		if (this.#closed) return;
		this.#closed = true;
		engineFor(RELEASE_SOCKET.name).post(RELEASE_SOCKET, this.#handle);
	}

	/** `close()`, for `using`. */
	[Symbol.dispose](): void {
		this.close();
	}

	/**
	 * Limits every later read, write and `end` through this object. The limit travels along when the socket is spawned with.
	 * @param ms milliseconds; 0, the default, for no limit
	 */
	setTimeout(ms: number): this {
		this.#timeoutMs = duration(ms, 'ms') || NONE;
		return this;
	}

	/** Sends small writes at once (`TCP_NODELAY`); does not park. @param on default true */
	setNoDelay(on = true): this {
		engineFor(SET_NO_DELAY.name).post(SET_NO_DELAY, this.#open('set an option of'), on ? 1 : 0);
		return this;
	}

	/**
	 * Probes an idle connection; does not park.
	 * @param on default false, as Node's
	 * @param initialDelay milliseconds before the first probe; 0, the default, keeps the system's
	 */
	setKeepAlive(on = false, initialDelay = 0): this {
		const delayMs = Math.max(0, duration(initialDelay, 'initialDelay'));
		engineFor(SET_KEEP_ALIVE.name).post(SET_KEEP_ALIVE, this.#open('set an option of'), on ? 1 : 0, delayMs);
		return this;
	}

	static {
		registerHandle<Socket>({
			tag: 'Socket',
			is: (value) => value instanceof Socket,
			encode: (socket) => ({ handle: socket.#open('send'), data: { endpoints: socket.#endpoints, timeoutMs: socket.#timeoutMs } }),
			decode: (handle, data) => {
				const { endpoints, timeoutMs } = data as { endpoints: Endpoints; timeoutMs: number };
				return new Socket({ handle, endpoints }, timeoutMs);
			},
		});
	}

	#open(verb: string): number {
		if (this.#closed) throw new ClosedError(`Cannot ${verb} this socket: it is closed`);
		return this.#handle;
	}

	#noteEnd(bytes: Buffer | null): Buffer | null {
		if (bytes === null) this.#ended = true;
		return bytes;
	}
}

function toBuffer(caller: string, data: string | Uint8Array, encoding?: BufferEncoding): Buffer {
	if (typeof data === 'string') return Buffer.from(data, encoding);
	if (Buffer.isBuffer(data)) return data;
	if (ArrayBuffer.isView(data)) {
		const { buffer, byteOffset, byteLength } = data as Uint8Array;
		return Buffer.from(buffer, byteOffset, byteLength);
	}
	throw argumentError('ERR_INVALID_ARG_TYPE', `Cannot call ${caller}: it takes a string, a Buffer or a Uint8Array, got ${shown(data)}`);
}
