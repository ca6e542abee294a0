import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { pack, packError, unpack } from '../../engine/threads/codec.js';
import { GreenletExit } from '../../errors.js';
import type { Ending, GreenletRecord } from '../../hub/greenlet-record.js';
import type { Hub } from '../../hub/hub.js';
import { Killer } from '../../hub/killer.js';
import type { HubRequest, ServiceHost } from '../../hub/service.js';
import type { Log } from '../log/log.js';
import type { WorkerHooks } from '../worker/worker-contract.js';
import { OVERDUE, type Overdue } from './create-server.js';
import { Expiry } from './expiry.js';
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
import { refusalText } from './refusal.js';
import { RequestHooks } from './request-hooks.js';

/** How a greenlet ends that was called off before it began. */
const NOT_BEGUN: Ending = { ok: true, packet: pack(undefined) };

export interface BridgeOptions {
	readonly log: Log;
	/** Whether a connection may be kept for another request; default: always. */
	readonly keepsAlive?: () => boolean;
	/** The hooks around requests, and the worker that they get as their first argument. */
	readonly hooks?: WorkerHooks;
	readonly worker?: unknown;
	/** Told when a greenlet begins to serve a request, and when that has ended: whoever limits their number. */
	readonly greenlets?: { started(request: IncomingMessage): void; ended(request: IncomingMessage): void };
	/**
	 * How long after its begin a greenlet may go on whose request has been answered or whose client has left, in milliseconds; 0, the default,
	 * for ever.
	 */
	readonly requestMs?: number;
	/** Called for a request that is to be ended and does not wait for anything: the moment to write down the stacks of all threads. */
	readonly stacks?: () => void;
}

/** How long a greenlet whose request has timed out may take to end by itself before its thread is terminated, in milliseconds. */
const KILL_GRACE_MS = 5_000;

/**
 * Between a `http.Server` on the worker's hub and the greenlets: every request starts one, and its response comes back as
 * bytes. A request that finds no free thread waits in the hub's queue. Hub thread only.
 */
export class HttpBridge {
	readonly #hub: Hub;
	readonly #server: Server;
	readonly #log: Log;
	readonly #keepsAlive: () => boolean;
	readonly #hooks: RequestHooks;
	readonly #stacks: (() => void) | undefined;
	readonly #greenlets: BridgeOptions['greenlets'];
	readonly #killer: Killer;
	readonly #exchanges = new Map<number, HttpExchange>();
	/** Those that were ended because their time was over, and what there is to say of it. */
	readonly #overdue = new WeakMap<HttpExchange, { readonly text: string; readonly where: string }>();
	/** Those whose greenlet goes on, whatever has become of the response. */
	readonly #running: Expiry<HttpExchange>;
	/** What is open on each connection. Several when a client pipelines. */
	readonly #connections = new WeakMap<Socket, Set<HttpExchange>>();

	/** Takes over the requests of `server`, one of `createHttpServer`; the hub must not have another bridge. */
	constructor(hub: Hub, server: Server, options: BridgeOptions) {
		this.#hub = hub;
		this.#server = server;
		this.#log = options.log;
		this.#keepsAlive = options.keepsAlive ?? (() => true);
		this.#hooks = new RequestHooks(options.hooks, options.worker);
		this.#stacks = options.stacks;
		this.#greenlets = options.greenlets;
		this.#killer = new Killer(hub);
		const { requestMs = 0 } = options;
		this.#running = new Expiry(requestMs, (exchange) => this.#endLate(exchange, requestMs));
		this.#register(hub);
		server.on('request', (request, response) => this.#receive(request, response));
		server.on(OVERDUE, (overdue: Overdue) => this.#timeOut(overdue));
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
		const keepAlive = response.shouldKeepAlive && !isLastAllowed(response) && this.#keepsAlive();
		const exchange = new HttpExchange(request, response, keepAlive, this.#hooks.wanted);
		this.#hooks.after(request, response, () => exchange.status);
		if (headers['transfer-encoding'] === undefined && (headers['content-length'] ?? '0') === '0') {
			exchange.skipBody();
			this.#hooks.before(request, () => this.#start(exchange));
		} else {
			// The parser is about to hand out the part of the body that came in the same packet: it can go along.
			process.nextTick(() => this.#hooks.before(request, () => this.#start(exchange)));
		}
	}

	#start(exchange: HttpExchange): void {
		const { request } = exchange;
		const { socket, method = '', url = '' } = request;
		if (socket.destroyed || exchange.answered) return;
		const { bytes: arrived, more } = exchange.takeArrived();
		const flags = packFlags({
			keepAlive: exchange.keepAlive,
			moreBody: more,
			secure: exchange.secure,
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
		this.#greenlets?.started(request);
		this.#exchanges.set(record.id, exchange);
		this.#running.add(exchange);
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

	/** The server itself tells of a response that is overdue; with nothing left to answer there is only the greenlet to end. */
	#endLate(exchange: HttpExchange, ms: number): void {
		const { record } = exchange;
		if (!record || !exchange.over || this.#overdue.has(exchange)) return;
		const after = exchange.left ? 'its client had left' : 'its answer';
		const text = `Request ${record.name} took longer than ${ms / 1_000} s (request_timeout) and was ended after ${after}`;
		this.#end(exchange, record, text);
	}

	#timeOut(overdue: Overdue): void {
		const exchange = [...this.#exchanges.values()].find(({ request }) => request === overdue.request);
		const { record } = exchange ?? {};
		// With the response complete it is the client that is late, not the greenlet.
		if (!exchange || !record || exchange.over) return;
		const { refusal, ms } = overdue;
		overdue.ended = true;
		const done = exchange.begun ? 'cut off' : `answered with ${refusal.status}`;
		const text = `Request ${record.name} took longer than ${ms / 1_000} s (request_timeout) and was ${done}`;
		// First of all, so that it is this that wakes it.
		this.#end(exchange, record, text);
		exchange.takeFromGreenlet(refusal.status, refusalText(refusal));
	}

	#end(exchange: HttpExchange, record: GreenletRecord, text: string): void {
		const where = record.start ? 'it had not begun' : `it was not in a blocking call${this.#lastCall(record)}`;
		this.#overdue.set(exchange, { text, where });
		if (!record.start && !record.parked && !exchange.watched) this.#stacks?.();
		this.#killer.kill(record, packError(new GreenletExit('Its request took too long')), KILL_GRACE_MS);
	}

	#lastCall({ operation }: GreenletRecord): string {
		return operation === 0 ? '' : `, the last of which was ${this.#hub.operationName(operation)}()`;
	}

	#ended(exchange: HttpExchange, record: GreenletRecord, ending: Ending): void {
		this.#exchanges.delete(record.id);
		this.#connections.get(exchange.request.socket)?.delete(exchange);
		this.#hub.forget(record.id);
		this.#running.delete(exchange);
		this.#greenlets?.ended(exchange.request);
		const result = unpack(ending.packet);
		const overdue = this.#overdue.get(exchange);
		if (overdue !== undefined) {
			if (ending.ok) this.#log.error(`${overdue.text}; ${overdue.where}`);
			else this.#log.error(`${overdue.text}; ${isExit(result) ? 'its greenlet was at' : overdue.where}`, result);
		} else if (ending.ok) {
			exchange.end(result as Buffer | null);
		} else {
			this.#log.error(`Error handling request ${exchange.request.method} ${exchange.request.url}`, result);
			exchange.answerInstead(500, 'Internal Server Error\n');
		}
	}
}

function isExit(error: unknown): boolean {
	return (error as { code?: unknown } | null)?.code === 'ERR_GREENLET_EXIT';
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
