import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { pack, unpack } from '../../engine/threads/codec.js';
import type { Ending, GreenletRecord } from '../../hub/greenlet-record.js';
import type { Hub } from '../../hub/hub.js';
import type { HubRequest, ServiceHost } from '../../hub/service.js';
import type { Log } from '../log/error-log.js';
import { HttpExchange } from './http-exchange.js';
import {
	BODY_READ,
	CLIENT_LEFT,
	CLIENT_WATCH,
	clientLeft,
	packFlags,
	packLines,
	RESPONSE_ABORT,
	RESPONSE_DATA,
	RESPONSE_END,
	RESPONSE_LAST,
	RESPONSE_WRITE,
	RUN_REQUEST,
	SOCKET_TIMEOUT,
} from './http-messages.js';

/** How a greenlet ends that was called off before it began. */
const NOT_BEGUN: Ending = { ok: true, packet: pack(undefined) };

export interface BridgeOptions {
	readonly log: Log;
	/** Whether a connection may be kept for another request; default: always. */
	readonly keepsAlive?: () => boolean;
}

/**
 * Between a `http.Server` on the worker's hub and the greenlets: every request starts one, and its response comes back as
 * bytes. A request that finds no free thread waits in the hub's queue. Hub thread only.
 */
export class HttpBridge {
	readonly #hub: Hub;
	readonly #server: Server;
	readonly #log: Log;
	readonly #keepsAlive: () => boolean;
	readonly #exchanges = new Map<number, HttpExchange>();
	/** What is open on each connection. Several when a client pipelines. */
	readonly #connections = new WeakMap<Socket, Set<HttpExchange>>();

	/** Takes over the requests of `server`; the hub must not have another bridge. */
	constructor(hub: Hub, server: Server, options: BridgeOptions) {
		this.#hub = hub;
		this.#server = server;
		this.#log = options.log;
		this.#keepsAlive = options.keepsAlive ?? (() => true);
		this.#register(hub);
		server.on('request', (request, response) => this.#receive(request, response));
		server.on('connect', (_request, socket) => refuse(socket));
	}

	#register(host: ServiceHost): void {
		// A question may come after its greenlet's end, from a callback that outlived it.
		const of = (question: HubRequest) => this.#exchanges.get(question.owner.id);
		host.handle(BODY_READ, (question) => {
			const exchange = of(question);
			if (!exchange) throw clientLeft();
			return exchange.read(question);
		});
		host.handle(RESPONSE_DATA, (question, bytes) => void of(question)?.send(bytes));
		host.handle(RESPONSE_WRITE, (question, bytes) => of(question)?.sendAndDrain(question, bytes));
		host.handle(RESPONSE_END, (question, bytes) => of(question)?.end(bytes));
		host.handle(RESPONSE_LAST, (question, last) => of(question)?.announceLast(last === 1));
		host.handle(RESPONSE_ABORT, (question) => of(question)?.abort());
		host.handle(CLIENT_WATCH, (question) => of(question)?.watch(question) ?? false);
		host.handle(CLIENT_LEFT, (question) => of(question)?.left ?? true);
		host.handle(SOCKET_TIMEOUT, (question, ms) => of(question)?.watchIdle(question, ms) ?? false);
	}

	#receive(request: IncomingMessage, response: ServerResponse): void {
		const { headers } = request;
		if (headers.upgrade !== undefined && !isHttp2Offer(headers.upgrade)) {
			response.writeHead(501, { Connection: 'close', 'Content-Length': 0 }).end();
			return;
		}
		const keepAlive = response.shouldKeepAlive && !isLastAllowed(response) && this.#keepsAlive();
		const exchange = new HttpExchange(request, response, keepAlive);
		if (headers['transfer-encoding'] === undefined && (headers['content-length'] ?? '0') === '0') {
			exchange.skipBody();
			this.#start(exchange);
		} else {
			// The parser is about to hand out the part of the body that came in the same packet: it can go along.
			process.nextTick(() => this.#start(exchange));
		}
	}

	#start(exchange: HttpExchange): void {
		const { request } = exchange;
		const { socket, method = '', url = '' } = request;
		if (socket.destroyed) return;
		const { bytes: arrived, more } = exchange.takeArrived();
		const flags = packFlags({
			keepAlive: exchange.keepAlive,
			moreBody: more,
			major: request.httpVersionMajor,
			minor: request.httpVersionMinor,
			keepAliveSeconds: Math.floor(this.#server.keepAliveTimeout / 1000),
		});
		const head = packLines(method, url, socket.remoteAddress ?? '', socket.localAddress ?? '', request.rawHeaders);
		const record = this.#hub.start(
			RUN_REQUEST,
			[flags, socket.remotePort ?? 0, socket.localPort ?? 0, head.length, joinBytes(head, arrived)],
			{ name: `${method} ${url}`, unref: true, onEnd: (ending) => this.#ended(exchange, record, ending) },
		);
		exchange.record = record;
		this.#exchanges.set(record.id, exchange);
		this.#openOn(socket).add(exchange);
	}

	/** The exchanges open on a connection; they hear when it goes. */
	#openOn(socket: Socket): Set<HttpExchange> {
		const known = this.#connections.get(socket);
		if (known) return known;
		const open = new Set<HttpExchange>();
		this.#connections.set(socket, open);
		socket.once('close', () => {
			for (const exchange of open) this.#left(exchange);
		});
		return open;
	}

	#left(exchange: HttpExchange): void {
		exchange.clientHasLeft();
		const { record } = exchange;
		// Nobody would see what it does, and it has not begun.
		if (record?.start && this.#hub.exchange.withdraw(record.start)) this.#hub.finish(record, NOT_BEGUN);
	}

	#ended(exchange: HttpExchange, record: GreenletRecord, ending: Ending): void {
		this.#exchanges.delete(record.id);
		this.#connections.get(exchange.request.socket)?.delete(exchange);
		this.#hub.forget(record.id);
		const result = unpack(ending.packet);
		if (ending.ok) {
			exchange.end(result as Buffer | null);
			return;
		}
		this.#log.error(`Error handling request ${exchange.request.method} ${exchange.request.url}`, result);
		exchange.failWith500();
	}
}

/** `Upgrade: h2c` is an offer a server may ignore; some clients make it with every first request. */
function isHttp2Offer(upgrade: string): boolean {
	return upgrade.toLowerCase() === 'h2c';
}

/** The server's limit of requests for one connection is reached; no type declares the field. */
function isLastAllowed(response: ServerResponse): boolean {
	return (response as ServerResponse & { maxRequestsOnConnectionReached: boolean }).maxRequestsOnConnectionReached;
}

function joinBytes(head: string, body: Buffer): Buffer {
	if (body.length === 0) return Buffer.from(head, 'latin1');
	const bytes = Buffer.allocUnsafe(head.length + body.length);
	bytes.write(head, 'latin1');
	body.copy(bytes, head.length);
	return bytes;
}

/** Answers CONNECT, for which Node has given the bare socket away. */
function refuse(socket: Duplex): void {
	socket.on('error', () => socket.destroy());
	socket.end('HTTP/1.1 501 Not Implemented\r\nConnection: close\r\nContent-Length: 0\r\n\r\n', () => socket.destroy());
}
