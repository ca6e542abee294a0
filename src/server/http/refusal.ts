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

/** What deadlines have answered in the place of whoever was to answer. */
const instead = new WeakMap<IncomingMessage, number>();

/** The status with which `refuseConnection` has answered this request, 0 for none. */
export function refusedWith(request: IncomingMessage): number {
	return instead.get(request) ?? 0;
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
 * an earlier request, and ends the connection.
 */
export function refuseConnection(socket: Duplex, refusal: Refusal): void {
	const current = (socket as ServingSocket)._httpMessage;
	if (!socket.writable || current?.headersSent || current?.req.complete) {
		socket.destroy();
		return;
	}
	if (current) instead.set(current.req, refusal.status);
	const body = refusalText(refusal);
	const head = [
		`HTTP/1.1 ${refusal.status} ${http.STATUS_CODES[refusal.status]}`,
		'Connection: close',
		'Content-Type: text/plain; charset=utf-8',
		`Content-Length: ${Buffer.byteLength(body)}`,
	];
	// Mostly gone at once, so that nothing of a response in the making can come after it.
	socket.write(`${head.join('\r\n')}\r\n\r\n${body}`);
	if (socket.writableLength > 0) socket.end(() => socket.destroy());
	else socket.destroy();
}

/** A request to leave HTTP/1.1, which nobody here can. `Upgrade: h2c` alone is an offer a server may ignore; some clients make it always. */
export function refusalOfUpgrade(request: IncomingMessage): Refusal | undefined {
	const { upgrade } = request.headers;
	if (upgrade === undefined || upgrade.toLowerCase() === 'h2c') return undefined;
	return { status: 501, why: `the connection cannot be upgraded to ${jsonString(upgrade)}` };
}

/** Answers CONNECT, for which Node has given the bare socket away. */
export function refuseTunnel(_request: IncomingMessage, socket: Duplex): void {
	socket.on('error', () => socket.destroy());
	socket.end('HTTP/1.1 501 Not Implemented\r\nConnection: close\r\nContent-Length: 0\r\n\r\n', () => socket.destroy());
}
