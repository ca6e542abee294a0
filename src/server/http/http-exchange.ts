import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { GreenletRecord } from '../../hub/greenlet-record.js';
import { type HubRequest, LATER } from '../../hub/service.js';
import { meterOf } from './accesses.js';
import { clientLeft, packFields } from './http-messages.js';
import { answeredPast, cutOff } from './refusal.js';
import { ResponseMeter } from './response-meter.js';

/** A body that has come in with its header, up to this many bytes, goes to the thread with the request. */
const INLINE_BODY = 32_768;
const EMPTY: Buffer = Buffer.alloc(0);

/** Fields of Node's own messages that no type declares; the same on Node 20, 24 and 26. */
interface ConsumedMessage extends IncomingMessage {
	_consuming: boolean;
}
interface FramedResponse extends ServerResponse {
	_header: string | null;
	_headerSent: boolean;
	_hasBody: boolean;
	_last: boolean;
	finished: boolean;
	outputData: readonly unknown[];
}

/** What is never empty, so that Node's `ServerResponse` believes in a header of its own; it is marked as sent and never is. */
const GREENLETS_OWN_HEADER = ' ';

/**
 * One request and its response on the worker's hub: Node's server keeps the connection, its order and its keep-alive, and
 * the bytes of the response come from the greenlet as they are. Hub thread only.
 */
export class HttpExchange {
	readonly request: IncomingMessage;
	/** What the request and the server allow; the response goes by it unless the greenlet says otherwise. */
	readonly keepAlive: boolean;
	/** The client spoke TLS, if only to a trusted proxy. */
	readonly secure: boolean;
	/** The greenlet that serves it. */
	record: GreenletRecord | undefined;
	readonly #request: ConsumedMessage;
	readonly #response: FramedResponse;
	readonly #meter: ResponseMeter | undefined;
	#last: boolean | undefined;
	#state: 'open' | 'ended' | 'left' = 'open';
	#sent = false;
	#reads = false;
	#reader: HubRequest | undefined;
	#writer: HubRequest | undefined;
	#drains = false;
	#watcher: HubRequest | undefined;
	#timer: HubRequest | undefined;

	/** @param measured whether `status` will be asked for */
	constructor(request: IncomingMessage, response: ServerResponse, keepAlive: boolean, measured = false) {
		this.request = request;
		this.keepAlive = keepAlive;
		this.secure = (request.socket as Socket & { encrypted?: boolean }).encrypted === true;
		this.#request = request as ConsumedMessage;
		this.#response = response as FramedResponse;
		this.#meter = meterOf(response) ?? (measured ? new ResponseMeter() : undefined);
	}

	/** Of the response, 0 when nothing was answered; for an exchange that is `measured`. */
	get status(): number {
		if (this.#sent) return this.#meter?.status ?? 0;
		return this.#response.headersSent ? this.#response.statusCode : (answeredPast(this.#request)?.status ?? 0);
	}

	/** The response has been handed to the connection completely, or the connection has gone. */
	get over(): boolean {
		return this.#state !== 'open';
	}

	get left(): boolean {
		return this.#state === 'left';
	}

	/** Bytes of the response have been sent. */
	get begun(): boolean {
		return this.#sent;
	}

	/** Somebody has answered before there was a greenlet. */
	get answered(): boolean {
		return this.over || this.#response.headersSent;
	}

	/** The handler has returned and its callbacks are to answer. */
	get watched(): boolean {
		return this.#watcher !== undefined;
	}

	/** Says that there is no body; spares Node throwing away an empty one when the response ends. */
	skipBody(): void {
		this.#request._consuming = true;
	}

	/** What has arrived of the body by now. */
	takeArrived(): { bytes: Buffer; more: boolean } {
		const request = this.#request;
		const short = request.readableLength <= INLINE_BODY;
		const bytes = short && request.readableLength > 0 ? (request.read() as Buffer | null) : null;
		const more = !short || !request.complete || request.rawTrailers.length > 0;
		return { bytes: bytes ?? EMPTY, more };
	}

	/** Answers with what has arrived of the body, or when something arrives. */
	read(question: HubRequest): Buffer | string | null | typeof LATER {
		if (this.left) throw clientLeft();
		const next = this.#next();
		if (next !== undefined) return next;
		this.#reader = question;
		question.onCancel = () => {
			this.#reader = undefined;
		};
		if (!this.#reads) {
			this.#reads = true;
			this.#request.on('readable', () => this.#arrived());
			this.#request.on('end', () => this.#arrived());
		}
		return LATER;
	}

	/** Undefined while nothing is there. */
	#next(): Buffer | string | null | undefined {
		const request = this.#request;
		const chunk = request.read() as Buffer | null;
		if (chunk !== null) return chunk;
		if (!request.complete || request.readableLength > 0) return undefined;
		return request.rawTrailers.length > 0 ? packFields(request.rawTrailers) : null;
	}

	#arrived(): void {
		const reader = this.#reader;
		if (!reader) return;
		const next = this.#next();
		if (next === undefined) return;
		this.#reader = undefined;
		if (!reader.resolve(next) && Buffer.isBuffer(next)) this.#request.unshift(next);
	}

	/** Says whether the connection ends with this response. */
	announceLast(last: boolean): void {
		this.#last = last;
	}

	/** Sends bytes of the response; false when the client has some catching up to do. */
	send(bytes: Buffer): boolean {
		if (this.over) return true;
		if (bytes.length === 0) return !this.#response.writableNeedDrain;
		this.#takeOver();
		this.#meter?.add(bytes);
		return this.#response.write(bytes);
	}

	/** `send` for a greenlet that waits: answers when the client has caught up. */
	sendAndDrain(question: HubRequest, bytes: Buffer): undefined | typeof LATER {
		if (this.left) throw clientLeft();
		if (this.send(bytes) || this.over) return undefined;
		this.#writer = question;
		question.onCancel = () => {
			this.#writer = undefined;
		};
		if (!this.#drains) {
			this.#drains = true;
			this.#response.on('drain', () => this.#writer?.resolve(undefined));
		}
		return LATER;
	}

	/** Sends the last bytes of the response and lets Node go on to the connection's next request. */
	end(bytes: Buffer | null): void {
		if (this.over) return;
		this.#state = 'ended';
		this.#takeOver();
		this.#response._last = this.#last ?? !this.keepAlive;
		if (bytes !== null) this.#meter?.add(bytes);
		this.#finish(bytes);
		this.#close();
	}

	#finish(bytes: Buffer | null): void {
		const response = this.#response;
		const { socket } = response;
		if (bytes === null) {
			response.end();
		} else if (socket?.writable && response.outputData.length === 0) {
			socket.write(bytes);
			// The kernel mostly takes all of it at once. Then Node's way through the callback of a second, empty write is spared.
			if (socket.writableLength > 0) response.end();
			else {
				response.finished = true;
				response.emit('finish');
			}
		} else {
			response.end(bytes);
		}
	}

	/** From here on the response is what the greenlet sends: Node adds neither a header nor chunks. */
	#takeOver(): void {
		if (this.#sent) return;
		this.#sent = true;
		const response = this.#response;
		response._header = GREENLETS_OWN_HEADER;
		response._headerSent = true;
		response._hasBody = true;
		response.chunkedEncoding = false;
	}

	/** Closes the connection, with the response cut off where it is; not before those to earlier requests have gone. */
	abort(): void {
		if (this.over) return;
		cutOff(this.#response);
		this.clientHasLeft();
	}

	/** Answers for a greenlet that cannot, or cuts off the response it has begun. */
	answerInstead(status: number, body: string): void {
		if (this.over) return;
		if (this.#sent) {
			this.abort();
			return;
		}
		this.#state = 'ended';
		this.#response.shouldKeepAlive = this.keepAlive;
		this.#response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8', 'Content-Length': Buffer.byteLength(body) });
		this.#response.end(body);
		this.#close();
	}

	/** Answers for a greenlet that is being ended, which finds that its client has left: what it still does is for nobody. */
	takeFromGreenlet(status: number, body: string): void {
		this.#tellLoss();
		this.answerInstead(status, body);
		this.#state = 'left';
	}

	#tellLoss(): void {
		this.#reader?.reject(clientLeft());
		this.#writer?.reject(clientLeft());
		this.#watcher?.resolve(true);
		this.#timer?.resolve(false);
	}

	/** The response is complete: the rest of the body is for nobody, and nobody waits for the client any more. */
	#close(): void {
		const request = this.#request;
		if (request._consuming && !request.readableEnded && !(request.complete && request.readableLength === 0)) {
			request.removeAllListeners('readable'); // while somebody listens for it, nothing flows
			request.resume();
		}
		this.#watcher?.resolve(false);
		this.#timer?.resolve(false);
	}

	/** Answers when the client leaves or the response has ended. */
	watch(question: HubRequest): boolean | typeof LATER {
		if (this.over) return this.left;
		this.#watcher = question;
		return LATER;
	}

	/** Answers when the connection has been idle for `ms` milliseconds. */
	watchIdle(question: HubRequest, ms: number): boolean | typeof LATER {
		this.#timer?.resolve(false);
		this.#timer = undefined;
		if (this.over) return false;
		const { socket } = this.request;
		socket.setTimeout(ms);
		if (ms === 0) return false;
		this.#timer = question;
		this.#response.once('timeout', () => this.#timer?.resolve(true));
		return LATER;
	}

	/** The connection has gone: wakes whoever waits for this request's body or response. */
	clientHasLeft(): void {
		if (this.over) return;
		this.#state = 'left';
		this.#tellLoss();
	}
}
