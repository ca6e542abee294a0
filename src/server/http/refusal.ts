import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { jsonString } from '../log/access-fields.js';
import { http } from './node-http.js';

/** Why a request is not served. */
export interface Refusal {
	readonly status: number;
	/** For the client and the log; names what is wrong and with which value. */
	readonly why: string;
}

/** Node's own marks on a connection; no type declares them. */
interface ServingSocket extends Duplex {
	readonly _httpMessage?: (ServerResponse & { readonly req: IncomingMessage }) | null;
}

/** An answer that was written past Node's responses. */
export interface Answer {
	readonly status: number;
	/** The status line and header as sent. */
	readonly head: string;
	/** Bytes of the body. */
	readonly bytes: number;
	/** The request whose response this was in place of; undefined when there was none. */
	readonly request: IncomingMessage | undefined;
}

/** What was answered in the place of whoever was to answer. */
const instead = new WeakMap<IncomingMessage, Answer>();

/** With what `answerPast` has answered this request; undefined when it has not. */
export function answeredPast(request: IncomingMessage): Answer | undefined {
	return instead.get(request);
}

/** The text of an answer that the server itself gives. */
export function refusalText({ status, why }: Refusal): string {
	return `${http.STATUS_CODES[status] ?? 'Error'}: ${why}\n`;
}

/** Answers a request that nobody has begun to answer, and ends the connection with that. */
export function refuseRequest(response: ServerResponse, refusal: Refusal): void {
	const body = refusalText(refusal);
	response.writeHead(refusal.status, {
		Connection: 'close',
		'Content-Type': 'text/plain; charset=utf-8',
		'Content-Length': Buffer.byteLength(body),
	});
	response.end(body);
}

/** Cuts a response off where it is, and its connection with it: not before those to earlier requests have gone. */
export function cutOff(response: ServerResponse): void {
	const { socket } = response;
	// Node's own `destroy` of a response that waits for its turn does different things in different versions.
	if (socket) socket.destroy();
	else response.once('socket', (own: Duplex) => own.destroy());
}

/**
 * Answers past Node's responses where that still makes sense, which it does not in the middle of a response or before one to
 * an earlier request. Whoever calls it ends the connection.
 * @returns undefined when nothing could be answered
 */
export function answerPast(socket: Duplex, refusal: Refusal): Answer | undefined {
	const current = (socket as ServingSocket)._httpMessage;
	if (!socket.writable || current?.headersSent || current?.req.complete) return undefined;
	const body = refusalText(refusal);
	const lines = [
		`HTTP/1.1 ${refusal.status} ${http.STATUS_CODES[refusal.status]}`,
		'Connection: close',
		'Content-Type: text/plain; charset=utf-8',
		`Content-Length: ${Buffer.byteLength(body)}`,
	];
	const head = `${lines.join('\r\n')}\r\n\r\n`;
	const answer = { status: refusal.status, head, bytes: Buffer.byteLength(body), request: current?.req };
	if (current) instead.set(current.req, answer);
	socket.write(head + body);
	return answer;
}

/** A request to leave HTTP/1.1, which nobody here can. `Upgrade: h2c` alone is an offer a server may ignore; some clients make it always. */
export function refusalOfUpgrade(request: IncomingMessage): Refusal | undefined {
	const { upgrade } = request.headers;
	if (upgrade === undefined || upgrade.toLowerCase() === 'h2c') return undefined;
	return { status: 501, why: `the connection cannot be upgraded to ${jsonString(upgrade)}` };
}
