import { AsyncLocalStorage } from 'node:async_hooks';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { type Engine, engineFor } from '../../engine/engine.js';
import type { Log } from '../log/log.js';
import { CLIENT_WATCH, clientLeft, type RequestFlags, unpackFlags, unpackLines } from './http-messages.js';
import { type Ends, MemorySocket } from './memory-socket.js';
import { http } from './node-http.js';
import { RequestBody } from './request-body.js';
import { abortRequest } from './request-signal.js';

/** An app in Node's own interface: blocking, with callbacks, or async. An Express app is one. */
export type RequestHandler = (request: IncomingMessage, response: ServerResponse) => unknown;

/** Fields that Node's own server fills or reads and no type declares; the same on Node 20, 24 and 26. */
interface ParsedMessage extends IncomingMessage {
	_consuming: boolean;
	_addHeaderLines(fields: readonly string[], count: number): void;
	_dump(): void;
}
interface FramedResponse extends ServerResponse {
	_header: string | null;
	_last: boolean;
	_closed: boolean;
	_keepAliveTimeout: number;
}

/**
 * One request while its greenlet serves it: real `IncomingMessage` and `ServerResponse` objects over a `MemorySocket`, and
 * what Node's server does around them. Lives in the greenlet's thread.
 */
class ServedRequest {
	readonly request: ParsedMessage;
	readonly response: FramedResponse;
	readonly #engine: Engine;
	readonly #socket: MemorySocket;
	readonly #body: RequestBody;
	readonly #keepAlive: boolean;
	#lastAnnounced = false;
	/** Ends the wait for the app's callbacks with an error. */
	#giveUp: ((error: unknown) => void) | undefined;

	constructor(engine: Engine, flags: RequestFlags, lines: string[], ends: Ends, arrived: Buffer) {
		this.#engine = engine;
		this.#keepAlive = flags.keepAlive;
		this.#body = new RequestBody(engine, arrived, flags.moreBody);
		this.#socket = new MemorySocket(engine, this.#body, ends);
		this.request = buildRequest(this.#socket, flags, lines);
		this.#body.attach(this.#socket, this.request);
		this.response = buildResponse(this.#socket, this.request, flags);
		this.response.on('finish', () => this.#finished());
		this.#socket.on('close', () => this.#closed());
	}

	/** Runs the app; the result is the rest of the response. */
	serve(handler: RequestHandler): Buffer | null | Promise<Buffer | null> {
		serving = this;
		let returned: unknown;
		try {
			returned = handler(this.request, this.response);
		} catch (error) {
			this.#fail(error);
			return null;
		}
		const promise = isThenable(returned) ? returned : undefined;
		const rest = this.response.writableEnded || this.#socket.over ? this.#rest() : this.#wait();
		promise?.then(undefined, (error) => this.#rejected(error));
		return rest;
	}

	/** The handler has returned, the response comes from its callbacks. */
	#wait(): Promise<Buffer | null> {
		const socket = this.#socket;
		socket.blocking = false;
		socket.on('drain', () => drain(this.response));
		socket.on('timeout', () => this.#timedOut());
		socket.flush();
		this.#engine.callAsync(CLIENT_WATCH).then(
			(left) => left && socket.clientLeft(),
			() => socket.clientLeft(),
		);
		return new Promise((resolve, reject) => {
			this.response.once('prefinish', () => {
				if (serving === this) resolve(this.#rest());
			});
			socket.once('close', () => {
				if (serving === this) serving = undefined;
				resolve(null);
			});
			this.#giveUp = (error) => {
				try {
					this.#fail(error);
					resolve(null);
				} catch (failure) {
					reject(failure);
				}
			};
		});
	}

	/** The handler was async and has failed, while its greenlet waits or after that has ended. */
	#rejected(error: unknown): void {
		if (!this.failUncaught(error) && !this.#toldOfLoss(error)) reportLate(this.request, error);
	}

	/** The app fails with what told it that its client has left; nobody is at fault. */
	#toldOfLoss(error: unknown): boolean {
		if (!(error instanceof Error)) return false;
		if (error === this.#socket.lost || error === this.#body.lost) return true;
		return error === this.request.errored && (error as NodeJS.ErrnoException).code === 'ECONNRESET';
	}

	/** Ends the wait with an error of the app's; false when this is not the request that is being served. */
	failUncaught(error: unknown): boolean {
		if (serving !== this || !this.#giveUp) return false;
		this.#giveUp(error);
		return true;
	}

	#rest(): Buffer | null {
		serving = undefined;
		this.#announceLast();
		return this.#socket.finish();
	}

	/** Something was thrown: answers with 500 where nothing has been answered, and lets the error go on to the log. */
	#fail(error: unknown): void {
		const socket = this.#socket;
		const response = this.response;
		serving = undefined;
		if (this.#toldOfLoss(error)) return;
		if (!socket.over && !response.headersSent) {
			for (const name of response.getHeaderNames()) response.removeHeader(name);
			response.statusCode = 500;
			response.statusMessage = 'Internal Server Error';
			response.setHeader('Content-Type', 'text/plain; charset=utf-8');
			response.end('Internal Server Error\n');
		}
		if (response.writableEnded) {
			this.#announceLast();
			socket.sendBeforePark(true);
		} else {
			socket.destroy();
		}
		throw error;
	}

	/** The greenlet is about to park. */
	beforePark(): void {
		if (!this.response.writableEnded && !this.#socket.collected) return;
		this.#announceLast();
		this.#socket.sendBeforePark(this.response.writableEnded);
	}

	#announceLast(): void {
		const response = this.response;
		// The hub goes by what the request asked for; only the exception costs a message.
		if (this.#lastAnnounced || !response._header || response._last !== this.#keepAlive) return;
		this.#lastAnnounced = true;
		this.#socket.announceLast(response._last);
	}

	/** What Node's server does when a response has finished. */
	#finished(): void {
		this.#body.discard();
		if (!this.request._consuming && this.request.listenerCount('end') + this.request.listenerCount('close') > 0) this.request._dump();
		this.response.detachSocket(asNetSocket(this.#socket));
		process.nextTick(closeResponse, this.response);
	}

	/** The connection has gone before the response was complete. */
	#closed(): void {
		this.#body.discard();
		abortRequest(this.request);
		this.request.destroy(clientLeft());
	}

	#timedOut(): void {
		const { request, response } = this;
		const heard = (!request.complete && request.emit('timeout', this.#socket)) || response.emit('timeout', this.#socket);
		if (!heard) this.#socket.destroy();
	}
}

/** The request of the greenlet that runs on this thread. */
let serving: ServedRequest | undefined;

/** To which request a callback belongs, however many timers, sockets and promises lie between them. */
const causes = new AsyncLocalStorage<ServedRequest>();

let lateErrors: Log | undefined;

/** Says where an error is logged with which an async handler rejects after the end of its response; nowhere until then. */
export function reportLateErrorsTo(log: Log): void {
	lateErrors = log;
}

/**
 * Fails the request that has caused an error which nobody could catch, if it is being served now. To be called from the process's
 * events for such errors, where the async context is still that of the callback; not so on Node 20 for `queueMicrotask`.
 * @returns false when the error comes from a finished request, or from none
 */
export function failUncaught(error: unknown): boolean {
	return causes.getStore()?.failUncaught(error) ?? false;
}

/**
 * Runs one greenlet of kind `RUN_REQUEST`.
 * @param handler the app
 * @returns the rest of the response, at once or when the app's callbacks have ended it
 * @throws whatever the handler throws, once the client has its answer
 */
export function serveRequest(
	handler: RequestHandler,
	packedFlags: number,
	remotePort: number,
	localPort: number,
	headLength: number,
	bytes: Buffer,
): Buffer | null | Promise<Buffer | null> {
	const lines = unpackLines(bytes.toString('latin1', 0, headLength));
	const flags = unpackFlags(packedFlags);
	const ends = { remoteAddress: lines[2] as string, remotePort, localAddress: lines[3] as string, localPort, secure: flags.secure };
	const engine = engineFor('request');
	engine.beforePark ??= () => serving?.beforePark();
	const request = new ServedRequest(engine, flags, lines, ends, bytes.subarray(headLength));
	return causes.run(request, () => request.serve(handler));
}

function buildRequest(socket: MemorySocket, flags: RequestFlags, lines: string[]): ParsedMessage {
	const request = new http.IncomingMessage(asNetSocket(socket)) as ParsedMessage;
	request.httpVersionMajor = flags.major;
	request.httpVersionMinor = flags.minor;
	request.httpVersion = `${flags.major}.${flags.minor}`;
	request.method = lines[0] as string;
	request.url = lines[1] as string;
	const fields = lines.slice(4);
	request._addHeaderLines(fields, fields.length);
	return request;
}

function buildResponse(socket: MemorySocket, request: IncomingMessage, flags: RequestFlags): FramedResponse {
	const response = new http.ServerResponse(request) as FramedResponse;
	response._keepAliveTimeout = flags.keepAliveSeconds * 1000;
	response.shouldKeepAlive = flags.keepAlive;
	response.assignSocket(asNetSocket(socket));
	return response;
}

/** Node types the socket of a message as a `net.Socket`; it needs less of one. */
function asNetSocket(socket: MemorySocket): Socket {
	return socket as unknown as Socket;
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
	return typeof (value as PromiseLike<unknown> | null | undefined)?.then === 'function';
}

/** The hub has forgotten the request already. */
function reportLate({ method, url }: IncomingMessage, error: unknown): void {
	lateErrors?.error(`Error after the end of request ${method} ${url}`, error);
}

/** As Node's server once a response has finished. */
function closeResponse(response: FramedResponse): void {
	if (response._closed) return;
	response.destroyed = true;
	response._closed = true;
	response.emit('close');
}

// Node's server alone can tell a response that it may go on; the mark it clears then is a symbol of its own.
const NEEDS_DRAIN = Object.getOwnPropertySymbols(new http.ServerResponse(new http.IncomingMessage(undefined as unknown as Socket))).find(
	(symbol) => symbol.description === 'kNeedDrain',
);

function drain(response: ServerResponse): void {
	if (!response.writableNeedDrain) return;
	if (NEEDS_DRAIN) (response as unknown as Record<symbol, boolean>)[NEEDS_DRAIN] = false;
	response.emit('drain');
}
