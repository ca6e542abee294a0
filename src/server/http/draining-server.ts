import type http from 'node:http';
import type net from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Log } from '../log/log.js';
import type { ListenerSpec } from '../worker/worker-contract.js';
import { LINGERING } from './create-server.js';
import { ListeningSocket } from './listening-socket.js';

/** Whoever wants to know what comes and goes. */
export interface Traffic {
	/** A connection has been accepted. */
	connected(socket: net.Socket): void;
	/** A connection has ended; what was asked on it and not answered is said to be `answered` first. */
	disconnected(socket: net.Socket): void;
	/** A request has arrived. */
	requested(response: http.ServerResponse): void;
	/** A response has finished, or its connection has gone. */
	answered(response: http.ServerResponse): void;
}

export interface DrainingOptions {
	/** Connections the kernel keeps waiting; given again because listening on an inherited descriptor resets it. */
	readonly backlog: number;
	readonly log: Log;
	/** How long an idle connection is kept, in milliseconds; 0 closes each connection after its answer. */
	readonly keepaliveMs: number;
	/** How long a drain may take before what is left is cut off, in milliseconds. */
	readonly graceMs: number;
	/** How long a drain leaves idle connections open for requests that are on their way, in milliseconds; default 2,000. */
	readonly idleMs?: number;
	/** Fetches another copy of a listener's descriptor, by its index; needed for `pause` with more than one listener. */
	readonly fetchListener?: (index: number) => Promise<{ readonly fd: number }>;
	readonly traffic?: Traffic;
}

interface Connection {
	readonly socket: net.Socket;
	/** Responses that have not finished. */
	readonly responses: Set<http.ServerResponse>;
	/** Bytes received when it last became idle: more than that, and a header is on its way. */
	bytesWhenIdle: number;
	idleTimer?: NodeJS.Timeout;
}

const DEFAULT_IDLE_MS = 2_000;

/**
 * Listens for a `http.Server` on inherited descriptors so that it can stop and start to accept, and can end without a reset.
 * `http.Server#close` would cut idle connections whose next request is already in the kernel and would stop to enforce deadlines;
 * therefore the server itself never listens: plain `net` servers accept and hand the connections over.
 *
 * Runs on the hub.
 */
export class DrainingServer {
	/** Resolves when nothing is open any more, after `drain` or `destroy`. */
	readonly closed: Promise<void>;
	readonly #server: http.Server;
	readonly #options: DrainingOptions;
	readonly #traffic: Traffic | undefined;
	readonly #listeners: ListeningSocket[] = [];
	readonly #connections = new Map<net.Socket, Connection>();
	/** What is left of connections that have had their last answer. */
	readonly #lingering = new Set<net.Socket>();
	#resolveClosed: () => void = () => undefined;
	/** Ends a wait for `resume`. */
	#resumed: () => void = () => undefined;
	#accepted = 0;
	#paused = false;
	#draining = false;
	#stoppedListening = false;

	constructor(server: http.Server, options: DrainingOptions) {
		this.#server = server;
		this.#options = options;
		this.#traffic = options.traffic;
		this.closed = new Promise((resolve) => {
			this.#resolveClosed = resolve;
		});
		server.keepAliveTimeout = options.keepaliveMs;
	}

	/** No connection outlives its answer any more. */
	get draining(): boolean {
		return this.#draining;
	}

	/** Whether a connection may be kept for another request after the answer that is being written now. */
	get keepsAlive(): boolean {
		return !this.#draining && this.#options.keepaliveMs > 0;
	}

	/** Open connections. */
	get connections(): number {
		return this.#connections.size;
	}

	/**
	 * Starts to accept.
	 * @throws Node's system error when a listener is no socket that can listen
	 */
	listen(specs: readonly ListenerSpec[]): void {
		const { backlog, log, fetchListener } = this.#options;
		this.#server.prependListener('request', (_, response) => this.track(response));
		this.#server.on(LINGERING, (rest: net.Socket) => this.#await(rest));
		for (const [index, spec] of specs.entries()) {
			const fetch = () => fetchListener?.(index) ?? Promise.reject(new Error('nobody keeps a copy of it'));
			const socket = new ListeningSocket(spec, { backlog, log, fetch, onConnection: (connection) => this.#connect(connection) });
			this.#listeners.push(socket);
			socket.start();
		}
		// Starts Node's enforcement of headersTimeout and requestTimeout, which only the server's own close() would end.
		this.#server.emit('listening');
	}

	/** Leaves new connections in the kernel, to be accepted by another worker or by `resume`; also during a drain. */
	pause(): void {
		if (this.#paused || this.#stoppedListening) return;
		this.#paused = true;
		for (const listener of this.#listeners) listener.pause();
	}

	/** Accepts again. */
	resume(): void {
		if (!this.#paused || this.#stoppedListening) return;
		this.#paused = false;
		this.#resumed();
		// The arbiter of a server that stops has no copies to give any more.
		for (const listener of this.#listeners) if (!this.#draining || listener.ready) listener.resume();
	}

	/**
	 * Counts an answer as in flight until it has finished, and makes it the last of its connection where no further one is
	 * wanted. Done for every `request` event; a listener for `checkContinue` or `checkExpectation` calls it itself.
	 */
	track(response: http.ServerResponse): void {
		// Not `response.socket`, which a pipelined request's answer gets only when it is its turn.
		const connection = this.#connections.get(response.req.socket);
		if (!connection || connection.responses.has(response)) return;
		connection.responses.add(response);
		if (!this.keepsAlive) response.setHeader('Connection', 'close');
		response.once('close', () => this.#answered(connection, response));
		this.#traffic?.requested(response);
	}

	#answered(connection: Connection, response: http.ServerResponse): void {
		// Not the second time, after the connection has gone.
		if (!connection.responses.delete(response)) return;
		this.#traffic?.answered(response);
		if (connection.responses.size > 0) return;
		connection.bytesWhenIdle = connection.socket.bytesRead;
		if (this.#draining) this.#closeWhenIdle(connection);
	}

	/**
	 * Stops to accept, answers everything in flight and what is already on its way, and resolves when all connections have ended
	 * or `graceMs` have passed.
	 */
	async drain(): Promise<void> {
		if (this.#draining) return this.closed;
		this.#draining = true;
		for (const connection of this.#connections.values()) this.#finish(connection);
		const grace = setTimeout(() => this.#giveUp(), this.#options.graceMs);
		await this.#emptyQueue();
		this.#stopListening(false);
		await this.closed;
		clearTimeout(grace);
	}

	/** Stops to accept and cuts every connection off: the last thing before the process exits. */
	destroy(): void {
		this.#draining = true;
		this.#stopListening(true);
		for (const { socket } of this.#connections.values()) socket.destroy();
		for (const rest of this.#lingering) rest.destroy();
	}

	#connect(socket: net.Socket): void {
		this.#accepted++;
		const connection: Connection = { socket, responses: new Set(), bytesWhenIdle: 0 };
		this.#connections.set(socket, connection);
		socket.once('close', () => this.#disconnected(connection));
		if (this.#draining) this.#finish(connection);
		this.#traffic?.connected(socket);
		this.#server.emit('connection', socket);
	}

	#disconnected(connection: Connection): void {
		// Node tells only the first of several pipelined responses that its connection has gone.
		for (const response of connection.responses) this.#answered(connection, response);
		clearTimeout(connection.idleTimer);
		this.#connections.delete(connection.socket);
		this.#traffic?.disconnected(connection.socket);
		this.#settle();
	}

	/** A process that ends would reset it. */
	#await(rest: net.Socket): void {
		this.#lingering.add(rest);
		rest.once('close', () => {
			this.#lingering.delete(rest);
			this.#settle();
		});
	}

	#finish(connection: Connection): void {
		for (const response of connection.responses) if (!response.headersSent) response.setHeader('Connection', 'close');
		if (connection.responses.size === 0) this.#closeWhenIdle(connection);
	}

	#closeWhenIdle(connection: Connection, delayMs = this.#idleMs): void {
		clearTimeout(connection.idleTimer);
		// Timers run before the loop polls: only after a poll is it certain that no request waits in the kernel.
		connection.idleTimer = setTimeout(() => setImmediate(() => this.#closeIfIdle(connection)), delayMs);
	}

	get #idleMs(): number {
		return this.#options.idleMs ?? DEFAULT_IDLE_MS;
	}

	#closeIfIdle(connection: Connection): void {
		const { socket, responses, bytesWhenIdle } = connection;
		if (responses.size > 0) return;
		if (socket.bytesRead === bytesWhenIdle) {
			socket.destroySoon();
			return;
		}
		// Half a header: it gets one header's time from here on, and no more. The drain's own end is near enough where that has none.
		connection.bytesWhenIdle = socket.bytesRead;
		const { headersTimeout } = this.#server;
		if (headersTimeout === 0) return;
		connection.idleTimer = setTimeout(() => {
			if (responses.size === 0) socket.destroySoon();
		}, headersTimeout);
	}

	/**
	 * Accepts what the kernel has queued: closing the last copy of a listening socket resets connections that wait in it. A worker that
	 * has no room waits for some, which costs nobody anything as others accept meanwhile, and from then on takes new ones for `idleMs` at
	 * most, because clients that keep coming would otherwise keep the worker.
	 */
	async #emptyQueue(): Promise<void> {
		let last = Infinity;
		let before = -1;
		while (!this.#stoppedListening && performance.now() < last) {
			if (this.#paused) {
				await this.#roomToAccept(last);
				before = -1;
			} else if (before === this.#accepted) return;
			else before = this.#accepted;
			if (last === Infinity) last = performance.now() + this.#idleMs;
			// Two turns, because the first may end before the loop has polled.
			await nextTurn();
			await nextTurn();
		}
	}

	async #roomToAccept(last: number): Promise<void> {
		let limit: NodeJS.Timeout | undefined;
		await new Promise<void>((resolve) => {
			this.#resumed = resolve;
			if (last < Infinity) limit = setTimeout(resolve, last - performance.now());
		});
		clearTimeout(limit);
	}

	#stopListening(exiting: boolean): void {
		if (this.#stoppedListening) return;
		this.#stoppedListening = true;
		this.#resumed();
		for (const listener of this.#listeners) listener.close(exiting);
		this.#settle();
	}

	#giveUp(): void {
		this.#options.log.warning(
			`Worker graceful timeout (pid: ${process.pid}), ${this.#connections.size + this.#lingering.size} connections are cut off`,
		);
		this.destroy();
	}

	#settle(): void {
		if (this.#stoppedListening && this.#connections.size + this.#lingering.size === 0) this.#resolveClosed();
	}
}
