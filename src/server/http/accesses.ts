import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { AccessLog } from '../log/log.js';
import { type Answer, answeredPast } from './refusal.js';
import { ResponseMeter } from './response-meter.js';

/** Where a response keeps what the access log will hear, and Node its own text of a header; no type declares them. */
const PENDING = Symbol('pending access');
interface FollowedResponse extends ServerResponse {
	[PENDING]?: PendingAccess;
	readonly _header: string | null;
}

/** An id from outside goes into logs: no blanks, quotes or controls, and not at any length. */
const SAFE_ID = /^[\w.:+/=@-]{1,128}$/;

/** Tells the access log of every request of a server, when its response has gone or its client has left; costs nothing without one. */
export class Accesses {
	readonly #log: AccessLog | undefined;
	/** The header field that holds a request's id; undefined when no log shows it. */
	readonly #idField: string | undefined;

	/** @param idField the header field for a request's id, empty for none */
	constructor(idField: string, log: AccessLog | undefined) {
		this.#log = log;
		if (log?.wantsRequestId && idField !== '') this.#idField = idField;
	}

	/** A request's header is complete. To be called before the app sees the request. */
	begin(request: IncomingMessage, response: ServerResponse): void {
		if (!this.#log) return;
		const id = this.#idField === undefined ? '' : adoptId(request, this.#idField);
		const pending = new PendingAccess(this.#log, request, id);
		(response as FollowedResponse)[PENDING] = pending;
		response.once('close', () => pending.end(response as FollowedResponse));
	}

	/**
	 * A connection has been answered without a response, because what was asked on it could not be read, or nobody can serve it.
	 * @param request a stand-in where there is none
	 * @param line the request's first line as far as it is known; undefined for a request that has been read
	 */
	answered(request: IncomingMessage, answer: Answer, line?: string): void {
		// As below.
		void request.socket.remoteAddress;
		this.#log?.record({
			request,
			...measureOf(answer),
			startedAt: Date.now(),
			durationMs: 0,
			requestId: '',
			...(line === undefined ? {} : { line }),
		});
	}
}

function measureOf(answer: Answer | undefined): { status: number; head: () => string; bytes: number } {
	return { status: answer?.status ?? 0, head: () => answer?.head ?? '', bytes: answer?.bytes ?? 0 };
}

/** What measures a response that Node does not frame, by its bytes; undefined when nobody wants to hear of it. */
export function meterOf(response: ServerResponse): ResponseMeter | undefined {
	const pending = (response as FollowedResponse)[PENDING];
	if (pending) pending.meter ??= new ResponseMeter();
	return pending?.meter;
}

/** The id a request came with, or one made up for it, which the app finds in the same header field. */
function adoptId(request: IncomingMessage, field: string): string {
	const name = field.toLowerCase();
	const given = request.headers[name];
	if (typeof given === 'string' && SAFE_ID.test(given)) return given;
	const id = crypto.randomUUID();
	if (given === undefined) {
		request.headers[name] = id;
		request.rawHeaders.push(field, id);
	}
	return id;
}

/** A request that the access log will hear of. */
class PendingAccess {
	meter: ResponseMeter | undefined;
	readonly #log: AccessLog;
	readonly #request: IncomingMessage;
	readonly #requestId: string;
	readonly #startedAt = Date.now();
	readonly #started = performance.now();
	/** What the connection had sent before this response. */
	readonly #sent: number;

	constructor(log: AccessLog, request: IncomingMessage, requestId: string) {
		this.#log = log;
		this.#request = request;
		this.#requestId = requestId;
		this.#sent = sentOver(request.socket);
		// Whoever has left has no address any more, unless Node was asked for it before.
		void request.socket.remoteAddress;
	}

	end(response: FollowedResponse): void {
		this.#log.record({
			request: this.#request,
			...(this.meter?.status ? this.meter.measured : this.#framedByNode(response)),
			startedAt: this.#startedAt,
			durationMs: performance.now() - this.#started,
			requestId: this.#requestId,
		});
	}

	#framedByNode({ _header: header, statusCode }: FollowedResponse): { status: number; head: () => string; bytes: number } {
		// Without a header of Node's: somebody may have answered past the response, or nobody has.
		if (!header?.startsWith('HTTP/')) return measureOf(answeredPast(this.#request));
		const bytes = sentOver(this.#request.socket) - this.#sent - header.length;
		return { status: statusCode, head: () => header, bytes: Math.max(0, bytes) };
	}
}

/** Bytes handed to the kernel so far; unlike `bytesWritten` it walks through no buffers, which every request would pay for. */
function sentOver(socket: Socket): number {
	return (socket as Socket & { readonly _bytesDispatched: number })._bytesDispatched;
}
