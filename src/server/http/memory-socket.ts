import { Duplex } from 'node:stream';
import type { Engine } from '../../engine/engine.js';
import {
	CLIENT_LEFT,
	HIGH_WATER,
	RESPONSE_ABORT,
	RESPONSE_DATA,
	RESPONSE_END,
	RESPONSE_LAST,
	RESPONSE_WRITE,
	SOCKET_TIMEOUT,
} from './http-messages.js';
import type { RequestBody } from './request-body.js';

/** The two ends of the client's connection; addresses are empty for a Unix socket. */
export interface Ends {
	readonly remoteAddress: string;
	readonly remotePort: number;
	readonly localAddress: string;
	readonly localPort: number;
	/** The client spoke TLS, if only to a trusted proxy. */
	readonly secure: boolean;
}

/** What a flush counts at least: a handler that sends small events for ever must notice some day that nobody listens. */
const LEAST_FLUSH = 4096;

/**
 * What a request's greenlet has in the place of the client's socket: it collects what the `ServerResponse` writes, and
 * the hub, which owns the real socket, gets it in as few messages as can be. Collected bytes leave when the greenlet
 * parks, when its callback is over, when there are more than 64 KB of them, and at the latest with the greenlet's result.
 * Past 64 KB that the client has not taken, a handler in blocking style parks in its next write; other code sees
 * `write()` return false, and 'drain'.
 */
export class MemorySocket extends Duplex {
	readonly remoteAddress: string | undefined;
	readonly remotePort: number | undefined;
	readonly remoteFamily: string | undefined;
	readonly localAddress: string | undefined;
	readonly localPort: number | undefined;
	readonly localFamily: string | undefined;
	/** What Express goes by for `req.protocol` and `req.secure`. */
	readonly encrypted: boolean;
	readonly connecting: boolean = false;
	/** In milliseconds, 0 for none: as in `net.Socket`. */
	timeout = 0;
	/** The handler's own call is still running, so a write may park. */
	blocking = true;
	/** The error that told this greenlet, in a write of its own, that the client has left. */
	lost: unknown;

	readonly #engine: Engine;
	readonly #body: RequestBody;
	#parts: Buffer[] = [];
	#size = 0;
	/** Bytes under way which the client may not have taken yet. */
	#unacknowledged = 0;
	#asking = false;
	#scheduled = false;
	#ended = false;
	#clientLeft = false;
	/** The callback of a write that waits for the client. */
	#held: (() => void) | undefined;

	constructor(engine: Engine, body: RequestBody, ends: Ends) {
		super(OPTIONS);
		this.#engine = engine;
		this.#body = body;
		this.encrypted = ends.secure;
		const { remoteAddress, localAddress } = ends;
		if (remoteAddress !== '') {
			this.remoteAddress = remoteAddress;
			this.remotePort = ends.remotePort;
			this.remoteFamily = familyOf(remoteAddress);
		}
		if (localAddress !== '') {
			this.localAddress = localAddress;
			this.localPort = ends.localPort;
			this.localFamily = familyOf(localAddress);
		}
	}

	/** Bytes are waiting here for the hub. */
	get collected(): boolean {
		return this.#size > 0;
	}

	/** Nothing more can be sent: the response has gone completely, or the connection has. */
	get over(): boolean {
		return this.#ended || this.destroyed;
	}

	/** Node's `IncomingMessage` reads by resuming its socket. */
	override resume(): this {
		this.#body.pump();
		return this;
	}

	override _read(): void {
		// Whatever arrives belongs to the request, which gets it from its body.
	}

	override cork(): void {
		// Collecting is what this socket does anyway.
	}

	override _write(chunk: Buffer | string, encoding: BufferEncoding, callback: () => void): void {
		if (this.blocking && this.#size + this.#unacknowledged > HIGH_WATER && this.#engine.canPark()) this.#waitForClient();
		const bytes = typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk;
		this.#parts.push(bytes);
		this.#size += bytes.length;
		const inEvents = !this.blocking && !this.#ended;
		if (inEvents) this.#schedule();
		if (inEvents && this.#size + this.#unacknowledged > HIGH_WATER) this.#held = callback;
		else callback();
	}

	/** Parks until the client has taken enough of what was written so far. */
	#waitForClient(): void {
		const bytes = this.#take();
		this.#unacknowledged = 0;
		try {
			this.#engine.call(RESPONSE_WRITE, bytes);
		} catch (error) {
			// A kill or a timeout comes this way, too.
			if ((error as NodeJS.ErrnoException).code === 'ECONNRESET') {
				this.lost = error;
				this.clientLeft();
			}
			throw error;
		}
	}

	#schedule(): void {
		if (this.#scheduled) return;
		this.#scheduled = true;
		process.nextTick(flush, this);
	}

	/** Sends what is collected and asks to hear when it has drained; one question at a time, so that writes come together meanwhile. */
	flush(): void {
		this.#scheduled = false;
		if (this.#asking || this.#size === 0 || this.over) return;
		this.#asking = true;
		const bytes = this.#take();
		this.#unacknowledged += bytes.length;
		this.#engine.callAsync(RESPONSE_WRITE, bytes).then(
			() => this.#drained(bytes.length),
			() => this.clientLeft(),
		);
	}

	#drained(bytes: number): void {
		this.#asking = false;
		this.#unacknowledged = Math.max(0, this.#unacknowledged - bytes);
		if (this.#size > 0) this.#schedule();
		this.#letGo();
	}

	/** The write that waits is done; others follow it out of the stream's own buffer. */
	#letGo(): void {
		const callback = this.#held;
		this.#held = undefined;
		callback?.();
	}

	/** Sends what is collected, because the greenlet is about to park and may stay away for long. */
	sendBeforePark(complete: boolean): void {
		if (this.over || (this.#size === 0 && !complete)) return;
		const bytes = this.#take();
		if (complete) {
			this.#ended = true;
			this.#engine.post(RESPONSE_END, bytes);
		} else {
			this.#unacknowledged += Math.max(bytes.length, LEAST_FLUSH);
			this.#engine.post(RESPONSE_DATA, bytes);
		}
	}

	/** The response is complete: what of it has not been sent yet, null when nothing is missing. */
	finish(): Buffer | null {
		if (this.over) return null;
		this.#ended = true;
		this.#letGo();
		return this.#size === 0 ? null : this.#take();
	}

	#take(): Buffer {
		const parts = this.#parts;
		const bytes = parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts, this.#size);
		this.#parts = [];
		this.#size = 0;
		return bytes;
	}

	/** Tells the hub whether the connection ends with this response. */
	announceLast(last: boolean): void {
		if (!this.over) this.#engine.post(RESPONSE_LAST, last ? 1 : 0);
	}

	/** The client is gone: 'close' follows, as with a real socket. */
	clientLeft(): void {
		this.#clientLeft = true;
		this.destroy();
	}

	/** Asks the hub whether the client has left, in the handler's own call; parks for a moment. */
	check(): boolean {
		if (this.over || !this.blocking || !this.#engine.canPark() || !this.#engine.call(CLIENT_LEFT)) return false;
		this.clientLeft();
		return true;
	}

	override _final(callback: () => void): void {
		// The app has ended the connection itself; there is no half of it to keep.
		this.announceLast(true);
		this.sendBeforePark(true);
		callback();
		this.destroy();
	}

	override _destroy(_error: Error | null, callback: () => void): void {
		if (!this.#ended && !this.#clientLeft) this.#engine.post(RESPONSE_ABORT);
		this.#ended = true;
		this.#parts = [];
		this.#size = 0;
		callback(); // without the error, which nobody listens for here: Node's server takes it the same way
	}

	/** As `net.Socket`: 'timeout' once nothing has moved for `ms` milliseconds; 0 calls it off. */
	setTimeout(ms: number, listener?: () => void): this {
		this.timeout = ms;
		if (listener) {
			if (ms === 0) this.removeListener('timeout', listener);
			else this.once('timeout', listener);
		}
		if (this.over) return this;
		this.#engine.callAsync(SOCKET_TIMEOUT, ms).then(
			(fired) => fired && this.emit('timeout'),
			() => this.clientLeft(),
		);
		return this;
	}

	/** As `net.Socket`; the connection belongs to the hub, which sets these for all alike. */
	setNoDelay(): this {
		return this;
	}

	setKeepAlive(): this {
		return this;
	}

	ref(): this {
		return this;
	}

	unref(): this {
		return this;
	}

	address(): { address?: string; family?: string; port?: number } {
		if (this.localAddress === undefined) return {};
		return { address: this.localAddress, family: this.localFamily as string, port: this.localPort as number };
	}

	get bytesWritten(): number {
		return this.writableLength;
	}

	get readyState(): string {
		return this.destroyed ? 'closed' : 'open';
	}

	/** As `net.Socket`: ends the connection once everything written so far has gone. */
	destroySoon(): void {
		if (this.writable) this.end();
		else this.destroy();
	}
}

// `ServerResponse` holds what is written back until the next tick, which a greenlet that parks does not see, unless the
// socket is corked already. (An accessor, which the types of `Duplex` do not let a class override.)
Object.defineProperty(MemorySocket.prototype, 'writableCorked', { configurable: true, get: () => 1 });

// One object for all sockets. Strings come as they are, because most responses are one string.
const OPTIONS = { decodeStrings: false, highWaterMark: HIGH_WATER, autoDestroy: false, emitClose: true };

function flush(socket: MemorySocket): void {
	socket.flush();
}

function familyOf(address: string): string {
	return address.includes(':') ? 'IPv6' : 'IPv4';
}
