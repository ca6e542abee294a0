import { closeSync, openSync } from 'node:fs';
import type http from 'node:http';
import net from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Log } from '../log/error-log.js';

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
 * Runs on the hub. Only descriptor 0 can stop and start (libuv never closes it); further ones go on accepting until the drain.
 */
export class DrainingServer {
	/** Resolves when nothing is open any more, after `drain` or `destroy`. */
	readonly closed: Promise<void>;
	readonly #server: http.Server;
	readonly #options: DrainingOptions;
	readonly #acceptors = new Map<number, net.Server>();
	readonly #connections = new Map<net.Socket, Connection>();
	readonly #fds: number[] = [];
	#resolveClosed: () => void = () => undefined;
	#accepted = 0;
	#paused = false;
	#draining = false;
	#stoppedListening = false;

	constructor(server: http.Server, options: DrainingOptions) {
		this.#server = server;
		this.#options = options;
		this.closed = new Promise((resolve) => {
			this.#resolveClosed = resolve;
		});
		server.keepAliveTimeout = options.keepaliveMs;
		server.prependListener('request', (_, response) => this.track(response));
	}

	/** No connection outlives its answer any more. */
	get draining(): boolean {
		return this.#draining;
	}

	/** Whether a connection may be kept for another request after the answer that is being written now. */
	get keepsAlive(): boolean {
		return !this.#draining && this.#options.keepaliveMs > 0;
	}

	/**
	 * Starts to accept.
	 * @param fds descriptors of listening sockets
	 * @throws Node's system error when a descriptor is no socket that can listen
	 */
	async listen(fds: readonly number[]): Promise<void> {
		this.#fds.push(...fds);
		for (const fd of fds) await this.#accept(fd);
		// Starts Node's enforcement of headersTimeout and requestTimeout, which only the server's own close() would end.
		this.#server.emit('listening');
	}

	/** Leaves new connections in the kernel, to be accepted by another worker or by `resume`. */
	pause(): void {
		if (this.#paused || this.#stoppedListening) return;
		this.#paused = true;
		this.#acceptors.get(0)?.close();
		this.#acceptors.delete(0);
	}

	/** Accepts again. */
	resume(): void {
		if (!this.#paused || this.#stoppedListening) return;
		this.#paused = false;
		this.#accept(0).catch((error: unknown) => this.#options.log.error('Cannot accept connections again', error));
	}

	/**
	 * Counts an answer as in flight until it has finished, and makes it the last of its connection where no further one is
	 * wanted. Done for every `request` event; a listener for `checkContinue` or `checkExpectation` calls it itself.
	 */
	track(response: http.ServerResponse): void {
		// Not `response.socket`, which a pipelined request's answer gets only when it is its turn.
		const connection = this.#connections.get(response.req.socket);
		if (!connection) return;
		connection.responses.add(response);
		if (!this.keepsAlive) response.setHeader('Connection', 'close');
		response.once('close', () => {
			connection.responses.delete(response);
			if (connection.responses.size > 0) return;
			connection.bytesWhenIdle = connection.socket.bytesRead;
			if (this.#draining) this.#closeWhenIdle(connection);
		});
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
		this.#stopListening();
		await this.closed;
		clearTimeout(grace);
	}

	/** Stops to accept and cuts every connection off. */
	destroy(): void {
		this.#draining = true;
		this.#stopListening();
		for (const { socket } of this.#connections.values()) socket.destroy();
	}

	#accept(fd: number): Promise<void> {
		// The options with which http.Server itself would listen.
		const acceptor = net.createServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.#connect(socket));
		this.#acceptors.set(fd, acceptor);
		return new Promise((resolve, reject) => {
			acceptor.once('error', reject);
			// As an option beside `fd` the backlog would be ignored.
			acceptor.listen({ fd }, this.#options.backlog, resolve);
		});
	}

	#connect(socket: net.Socket): void {
		this.#accepted++;
		const connection: Connection = { socket, responses: new Set(), bytesWhenIdle: 0 };
		this.#connections.set(socket, connection);
		socket.once('close', () => {
			clearTimeout(connection.idleTimer);
			this.#connections.delete(socket);
			this.#settle();
		});
		if (this.#draining) this.#finish(connection);
		this.#server.emit('connection', socket);
	}

	#finish(connection: Connection): void {
		for (const response of connection.responses) if (!response.headersSent) response.setHeader('Connection', 'close');
		if (connection.responses.size === 0) this.#closeWhenIdle(connection);
	}

	#closeWhenIdle(connection: Connection, delayMs = this.#options.idleMs ?? DEFAULT_IDLE_MS): void {
		clearTimeout(connection.idleTimer);
		// Timers run before the loop polls: only after a poll is it certain that no request waits in the kernel.
		connection.idleTimer = setTimeout(() => setImmediate(() => this.#closeIfIdle(connection)), delayMs);
	}

	#closeIfIdle(connection: Connection): void {
		const { socket, responses, bytesWhenIdle } = connection;
		if (responses.size > 0) return;
		if (socket.bytesRead === bytesWhenIdle) {
			socket.destroySoon();
			return;
		}
		// Half a header: it gets one header's time from here on, and no more.
		connection.bytesWhenIdle = socket.bytesRead;
		connection.idleTimer = setTimeout(() => {
			if (responses.size === 0) socket.destroySoon();
		}, this.#server.headersTimeout);
	}

	/** Accepts what the kernel has queued: closing the last copy of a listening socket resets connections that wait in it. */
	async #emptyQueue(): Promise<void> {
		if (this.#paused) return;
		let before = -1;
		// Bounded, because clients that keep coming would otherwise keep the worker.
		for (let turn = 0; turn < this.#options.backlog && before !== this.#accepted && !this.#stoppedListening; turn++) {
			before = this.#accepted;
			// Two turns, because the first may end before the loop has polled.
			await nextTurn();
			await nextTurn();
		}
	}

	#stopListening(): void {
		if (this.#stoppedListening) return;
		this.#stoppedListening = true;
		for (const acceptor of this.#acceptors.values()) acceptor.close();
		if (this.#fds.includes(0)) {
			closeSync(0);
			// Fills the gap: a connection that got descriptor 0 could never be closed.
			openSync('/dev/null', 'r');
		}
		this.#settle();
	}

	#giveUp(): void {
		this.#options.log.warning(`Worker graceful timeout (pid: ${process.pid}), ${this.#connections.size} connections are cut off`);
		this.destroy();
	}

	#settle(): void {
		if (this.#stoppedListening && this.#connections.size === 0) this.#resolveClosed();
	}
}
