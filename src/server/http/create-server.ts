import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Config } from '../config/config.js';
import { jsonString } from '../log/access-fields.js';
import type { AccessLog, Log } from '../log/log.js';
import { Accesses } from './accesses.js';
import { type DeadlineSettings, Deadlines } from './deadlines.js';
import { Expiry } from './expiry.js';
import { http } from './node-http.js';
import { Pipelines } from './pipelines.js';
import { cutOff, type Refusal, refusalOfUpgrade, refuseConnection, refuseRequest, refuseTunnel } from './refusal.js';
import { type GuardSettings, RequestGuard } from './request-guard.js';

/** What a server goes by. */
export type ServerSettings = GuardSettings &
	DeadlineSettings &
	Pick<Config, 'request_timeout' | 'request_timeout_status' | 'request_id_header'>;

/** A request whose `request_timeout` is over; whoever is serving it ends it and says so. */
export interface Overdue {
	readonly request: IncomingMessage;
	readonly response: ServerResponse;
	/** What it is to be answered with. */
	readonly refusal: Refusal;
	/** How long it had, in milliseconds. */
	readonly ms: number;
	/** Set by whoever has ended it. */
	ended: boolean;
}

/** The event of a server whose argument is an `Overdue`. */
export const OVERDUE = 'overdue';

/** The longest time of a timer, about 25 days. */
const NEVER_MS = 2 ** 31 - 1;

/** The errors of Node's parser that have a status of their own; any other is a 400. */
const STATUS_BY_CODE: Readonly<Record<string, number>> = {
	HPE_HEADER_OVERFLOW: 431,
	HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
	ERR_HTTP_REQUEST_TIMEOUT: 408,
};

/**
 * Makes the server of a worker: limits, deadlines and refusals as the settings say. It does not listen, and whoever serves
 * listens for its `request` events, which come for requests that may be served, and no others. Runs on the hub.
 *
 * @param access who hears of all requests, also of those that are refused; nobody by default
 */
export function createHttpServer(config: ServerSettings, log: Log, access?: AccessLog): Server {
	return new GuardedServer(config, log, access);
}

class GuardedServer extends http.Server {
	readonly #guard: RequestGuard;
	readonly #deadlines: Deadlines;
	readonly #accesses: Accesses;
	readonly #pipelines = new Pipelines();
	/** Connections that say what cannot be read, before all that was asked on them has been answered. */
	readonly #broken = new WeakSet<Socket>();
	readonly #timeouts: Expiry<ServerResponse> | undefined;
	readonly #config: ServerSettings;
	readonly #log: Log;

	constructor(config: ServerSettings, log: Log, access: AccessLog | undefined) {
		const guard = new RequestGuard(config);
		super({
			maxHeaderSize: guard.headerSize,
			// Whatever NODE_OPTIONS says.
			insecureHTTPParser: false,
			// As gunicorn.
			requireHostHeader: false,
			// For whoever closes connections; enforced by the deadlines here, which hold also after a close, and not by Node.
			headersTimeout: config.header_timeout * 1_000,
			requestTimeout: 0,
			connectionsCheckingInterval: NEVER_MS,
		});
		this.#guard = guard;
		this.#config = config;
		this.#log = log;
		this.#accesses = new Accesses(config.request_id_header, access);
		this.#deadlines = new Deadlines(config, log, () => this.keepAliveTimeout);
		if (config.request_timeout > 0) this.#timeouts = new Expiry(config.request_timeout * 1_000, (response) => this.#timeOut(response));
		// One more than allowed is enough to see that there are too many; the parser drops what comes after.
		this.maxHeadersCount = guard.fieldLimit + 1;
		this.on('connection', (socket: Socket) => this.#deadlines.watch(socket));
		this.on('clientError', (error: NodeJS.ErrnoException, socket) => this.#fail(error, socket as Socket));
		this.on('connect', refuseTunnel);
		// Without this, Node would ask for the bodies of requests that are about to be refused.
		this.on('checkContinue', (request, response) => {
			if (!this.#admit(request, response)) return;
			response.writeContinue();
			super.emit('request', request, response);
		});
		this.on('checkExpectation', (request, response) => {
			const why = `the expectation ${jsonString(String(request.headers.expect))} cannot be met`;
			if (this.#admit(request, response)) this.#refuse(response, { status: 417, why });
		});
	}

	/** The guard stands before all listeners, whenever they came. */
	override emit(event: string, ...args: unknown[]): boolean {
		if (event === 'request' && !this.#admit(args[0] as IncomingMessage, args[1] as ServerResponse)) return true;
		return super.emit(event, ...args);
	}

	#admit(request: IncomingMessage, response: ServerResponse): boolean {
		// First of all, as it looks at what the client has sent and at nothing that is added to it here.
		const refusal = this.#guard.check(request) ?? refusalOfUpgrade(request);
		this.#pipelines.follow(response);
		this.#deadlines.begin(request, response);
		this.#accesses.begin(request, response);
		if (refusal) {
			this.#refuse(response, refusal);
			return false;
		}
		if (this.#timeouts) {
			this.#timeouts.add(response);
			response.once('close', () => this.#timeouts?.delete(response));
		}
		return true;
	}

	#refuse(response: ServerResponse, refusal: Refusal): void {
		this.#warn(response.req.socket, refusal);
		refuseRequest(response, refusal);
	}

	#timeOut(response: ServerResponse): void {
		const { request_timeout: seconds, request_timeout_status: status } = this.#config;
		const request = response.req;
		const refusal = { status, why: `the request was not answered within ${seconds} s` };
		const overdue: Overdue = { request, response, refusal, ms: seconds * 1_000, ended: false };
		super.emit(OVERDUE, overdue);
		if (overdue.ended) return;
		const what = `Request ${request.method} ${request.url}`;
		if (response.headersSent) {
			this.#log.error(`${what} was cut off, as its client had not taken the response after ${seconds} s (request_timeout)`);
			cutOff(response);
		} else {
			this.#log.error(`${what} had not begun after ${seconds} s (request_timeout) and is answered with ${status}`);
			refuseRequest(response, refusal);
		}
	}

	#fail(error: NodeJS.ErrnoException, socket: Socket): void {
		const { code = '', message } = error;
		if (!code.startsWith('HPE_') && !code.startsWith('ERR_HTTP')) {
			// The client has left.
			socket.destroy();
			return;
		}
		// Each further byte is the same error once more.
		if (this.#broken.has(socket)) return;
		const refusal = { status: STATUS_BY_CODE[code] ?? 400, why: message };
		this.#warn(socket, refusal);
		const last = this.#pipelines.last(socket);
		if (!last?.req.complete) {
			refuseConnection(socket, refusal);
			return;
		}
		this.#broken.add(socket);
		last.once('close', () => refuseConnection(socket, refusal));
	}

	#warn({ remoteAddress = 'unix' }: Socket, { why }: Refusal): void {
		this.#log.warning(`Invalid request from ip=${remoteAddress}: ${why}`);
	}
}
