import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { type Clock, SystemClock } from '../../clock.js';
import type { Config } from '../config/config.js';
import { jsonString } from '../log/access-fields.js';
import type { AccessLog, Log } from '../log/log.js';
import { Accesses } from './accesses.js';
import { type DeadlineSettings, Deadlines } from './deadlines.js';
import { Expiry } from './expiry.js';
import { hasAsked, isUploading, linger } from './lingering.js';
import { http } from './node-http.js';
import { Pipelines } from './pipelines.js';
import { answerPast, cutOff, type Refusal, refusalOfUpgrade, refuseRequest } from './refusal.js';
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

/** The event of a server whose argument is what is left of a connection: a socket that nobody serves and that soon closes by itself. */
export const LINGERING = 'lingering';

/** The longest time of a timer, about 25 days. */
const NEVER_MS = 2 ** 31 - 1;

/** How much of a request line that cannot be read goes to the access log, in bytes. */
const LONGEST_LINE = 1_024;

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
 * @param clock for tests
 */
export function createHttpServer(config: ServerSettings, log: Log, access?: AccessLog, clock: Clock = new SystemClock()): Server {
	return new GuardedServer(config, log, access, clock);
}

class GuardedServer extends http.Server {
	readonly #guard: RequestGuard;
	readonly #deadlines: Deadlines;
	readonly #accesses: Accesses;
	readonly #pipelines = new Pipelines();
	/** Connections that have said what cannot be read. */
	readonly #broken = new WeakSet<Socket>();
	readonly #timeouts: Expiry<ServerResponse> | undefined;
	readonly #config: ServerSettings;
	readonly #log: Log;

	constructor(config: ServerSettings, log: Log, access: AccessLog | undefined, clock: Clock) {
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
		this.#deadlines = new Deadlines(
			config,
			log,
			() => this.keepAliveTimeout,
			(socket, refusal) => this.#refuseConnection(socket, refusal),
			clock,
		);
		const { request_timeout: seconds } = config;
		if (seconds > 0) this.#timeouts = new Expiry(seconds * 1_000, (response) => this.#timeOut(response), clock);
		// One more than allowed is enough to see that there are too many; the parser drops what comes after.
		this.maxHeadersCount = guard.fieldLimit + 1;
		this.on('connection', (socket: Socket) => this.#follow(socket));
		this.on('clientError', (error: NodeJS.ErrnoException, socket) => this.#fail(error, socket as Socket));
		this.on('connect', (request, socket) => {
			socket.on('error', () => socket.destroy());
			this.#refuseTunnel(request, socket as Socket);
		});
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

	#follow(socket: Socket): void {
		this.#deadlines.watch(socket);
		const { destroySoon } = socket;
		// What Node calls after the last answer of a connection.
		socket.destroySoon = () => {
			if (isUploading(socket)) this.#linger(socket);
			else destroySoon.call(socket);
		};
	}

	#linger(socket: Socket): void {
		linger(socket, (rest) => super.emit(LINGERING, rest));
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
		this.#broken.add(socket);
		const refusal = { status: STATUS_BY_CODE[code] ?? 400, why: message };
		this.#warn(socket, refusal);
		const line = firstLine(error, socket);
		const last = this.#pipelines.last(socket);
		if (!last?.req.complete) this.#refuseConnection(socket, refusal, line);
		else last.once('close', () => this.#refuseConnection(socket, refusal, line));
	}

	#refuseConnection(socket: Socket, refusal: Refusal, line = ''): void {
		this.#broken.add(socket);
		const answer = answerPast(socket, refusal);
		if (!answer) {
			socket.destroy();
			return;
		}
		if (!answer.request) this.#accesses.answered(unread(socket), answer, line);
		this.#linger(socket);
	}

	/** CONNECT, for which Node has given the bare socket away; answered after the requests that came before it. */
	#refuseTunnel(request: IncomingMessage, socket: Socket): void {
		const last = this.#pipelines.last(socket);
		if (last?.req.complete) {
			last.once('close', () => this.#refuseTunnel(request, socket));
			return;
		}
		const answer = answerPast(socket, { status: 501, why: 'there are no tunnels here' });
		if (answer) this.#accesses.answered(request, answer);
		this.#linger(socket);
	}

	#warn({ remoteAddress = 'unix' }: Socket, { why }: Refusal): void {
		this.#log.warning(`Invalid request from ip=${remoteAddress}: ${why}`);
	}
}

/** Stands for a request that could not be read. */
function unread(socket: Socket): IncomingMessage {
	const request = new http.IncomingMessage(socket);
	// Node's constructor says null.
	delete request.method;
	return request;
}

/** The first line of a connection's first request, where the packet that could not be read begins with it; empty otherwise. */
function firstLine(error: NodeJS.ErrnoException & { readonly rawPacket?: Buffer }, socket: Socket): string {
	const { rawPacket } = error;
	if (!rawPacket || hasAsked(socket) || socket.bytesRead !== rawPacket.length) return '';
	const [line = ''] = rawPacket.toString('latin1', 0, LONGEST_LINE).split(/\r?\n/, 1);
	return line;
}
