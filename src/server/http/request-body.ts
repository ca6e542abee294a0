import type { IncomingMessage } from 'node:http';
import type { Engine } from '../../engine/engine.js';
import { BusyError } from '../../errors.js';
import { BODY_READ, unpackLines } from './http-messages.js';

const EMPTY: Buffer = Buffer.alloc(0);
const BODY = Symbol.for('tsgevent.request-body');

/** Something that carries a request's body: the socket of a request served by this package. */
export interface BodyCarrier {
	readonly [BODY]: RequestBody;
}

/** Fields of `IncomingMessage` that Node's own parser fills and no type declares. */
interface ParsedMessage extends IncomingMessage {
	_addHeaderLines(fields: readonly string[], count: number): void;
}

/**
 * The body of one request, as its greenlet sees it: a stream that asks the hub for more when it is read, or a
 * blocking call, not both. Lives in the greenlet's thread; the bytes that have not been asked for are on the hub.
 */
export class RequestBody {
	readonly #engine: Engine;
	#arrived: Buffer;
	#more: boolean;
	#used: 'stream' | 'sync' | undefined;
	#asking = false;
	#ended = false;
	#whole: Buffer | undefined;
	#request: ParsedMessage | undefined;
	/** The error that told this greenlet, in a read of its own, that the client has left. */
	lost: unknown;

	/**
	 * @param arrived the bytes that came with the request
	 * @param more whether the body goes on after them
	 */
	constructor(engine: Engine, arrived: Buffer, more: boolean) {
		this.#engine = engine;
		this.#arrived = arrived;
		this.#more = more;
	}

	/** The body that travels with `request`, or undefined when it was not received by this package. */
	static of(request: IncomingMessage): RequestBody | undefined {
		return (request.socket as Partial<BodyCarrier> | undefined)?.[BODY];
	}

	/** Makes `carrier` the place where `of` finds this body. */
	attach(carrier: object, request: IncomingMessage): void {
		(carrier as { [BODY]: RequestBody })[BODY] = this;
		this.#request = request as ParsedMessage;
		if (!this.#more && this.#arrived.length === 0) request.complete = true;
	}

	/** Feeds the request's stream, until its buffer is full; Node calls this through `socket.resume()`. */
	pump(): void {
		if (this.#ended || this.#asking) return;
		this.#used ??= 'stream';
		if (this.#arrived.length > 0) {
			const first = this.#arrived;
			this.#arrived = EMPTY;
			if (!this.#request?.push(first) && this.#more) return;
		}
		if (this.#more) {
			this.#asking = true;
			this.#engine.callAsync(BODY_READ).then(this.#receive, this.#fail);
		} else {
			this.#end();
		}
	}

	readonly #receive = (chunk: Buffer | string | null): void => {
		this.#asking = false;
		if (this.#ended) return;
		if (chunk === null || typeof chunk === 'string') {
			this.#finish(chunk);
			this.#end();
		} else if (this.#request?.push(chunk)) {
			this.pump();
		}
	};

	readonly #fail = (error: Error): void => {
		this.#asking = false;
		this.#request?.destroy(error);
	};

	/** The whole body; parks until it is there. */
	readSync(): Buffer {
		if (this.#whole) return this.#whole;
		if (this.#used) {
			throw new BusyError(
				'Cannot read the body of this request with readBodySync(): it is being read as a stream already, by a listener, a pipe or a body parser',
			);
		}
		this.#used = 'sync';
		const parts = [this.#arrived];
		while (this.#more) {
			const chunk = this.#ask();
			if (chunk === null || typeof chunk === 'string') this.#finish(chunk);
			else parts.push(chunk);
		}
		this.#arrived = EMPTY;
		if (this.#request) this.#request.complete = true;
		this.#whole = parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts);
		return this.#whole;
	}

	#ask(): Buffer | string | null {
		try {
			return this.#engine.call(BODY_READ);
		} catch (error) {
			// A kill or a timeout comes this way, too.
			if ((error as NodeJS.ErrnoException).code === 'ECONNRESET') this.lost = error;
			throw error;
		}
	}

	/** The response has ended: what nobody has read is for the hub to throw away. */
	discard(): void {
		this.#more = false;
		this.#arrived = EMPTY;
	}

	#finish(trailers: string | null): void {
		this.#more = false;
		const request = this.#request;
		if (!request) return;
		request.complete = true;
		if (trailers === null) return;
		const fields = unpackLines(trailers);
		request._addHeaderLines(fields, fields.length); // these are the trailers, because the message is complete
	}

	#end(): void {
		this.#ended = true;
		if (!this.#request) return;
		this.#request.complete = true;
		this.#request.push(null);
	}
}
