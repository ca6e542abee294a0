import type { Server, Socket } from 'node:net';
import type { ClockTimer } from '../clock.js';
import { ClosedError, TimedOutError } from '../errors.js';
import { type HubRequest, LATER, type Resource, type ServiceHost } from '../hub/service.js';
import { Connection } from './net-connection.js';
import type { ListenerAddress, Opened } from './net-messages.js';

/** A greenlet parked in `accept`. */
interface Waiter {
	readonly request: HubRequest;
	timer: ClockTimer | undefined;
}

/**
 * The hub's side of a listener: connections that nobody has accepted yet, none of their bytes read, and the
 * greenlets that wait for the next one. Node takes every connection off the kernel's queue and has no way
 * to stop, so the bound of the queue is kept here: what comes on top is closed. Lives on the hub thread.
 */
export class Acceptor implements Resource {
	readonly kind: string;
	readonly address: ListenerAddress;
	readonly #host: ServiceHost;
	readonly #server: Server;
	readonly #backlog: number;
	readonly #arrived: Socket[] = [];
	readonly #waiters: Waiter[] = [];
	/** An accept that failed while nobody waited; told once. */
	#failure: Error | undefined;
	#disposed = false;

	/** @param server listening, with `pauseOnConnect` */
	constructor(host: ServiceHost, server: Server, backlog: number) {
		this.#host = host;
		this.#server = server;
		this.#backlog = backlog;
		this.address = server.address() ?? '';
		this.kind = `listener ${describe(this.address)}`;
		server.on('connection', (socket) => this.#onConnection(socket));
		server.on('error', (error) => this.#onError(error));
		// Greenlets keep the process alive, not what they wait for.
		server.unref();
	}

	/** Answers with the next connection; those who wait longest come first. */
	accept(request: HubRequest, timeoutMs: number): typeof LATER {
		if (this.#failure) {
			request.reject(this.#failure);
			this.#failure = undefined;
			return LATER;
		}
		const socket = this.#takeArrived();
		if (socket) this.#handOver(request, socket);
		else this.#park(request, timeoutMs);
		return LATER;
	}

	/** Stops listening and closes what nobody has accepted; parked greenlets get a `ClosedError`. */
	dispose(): void {
		if (this.#disposed) return;
		this.#disposed = true;
		this.#server.close();
		for (const socket of this.#arrived.splice(0)) socket.destroy();
		for (const waiter of this.#waiters.splice(0)) {
			settle(waiter);
			waiter.request.reject(new ClosedError(`The ${this.kind} was closed while a greenlet was waiting for a connection`));
		}
	}

	/** Skips connections that broke while they waited. */
	#takeArrived(): Socket | undefined {
		let socket = this.#arrived.shift();
		while (socket?.destroyed) socket = this.#arrived.shift();
		return socket;
	}

	#onConnection(socket: Socket): void {
		const waiter = this.#waiters.shift();
		if (waiter) {
			settle(waiter);
			this.#handOver(waiter.request, socket);
		} else if (this.#arrived.length < this.#backlog) {
			// A connection that breaks before it is accepted concerns nobody; `#takeArrived` skips it.
			socket.on('error', ignore);
			socket.unref();
			this.#arrived.push(socket);
		} else socket.destroy();
	}

	#onError(error: Error): void {
		const waiter = this.#waiters.shift();
		if (waiter) {
			settle(waiter);
			waiter.request.reject(error);
		} else this.#failure = error;
	}

	#handOver(request: HubRequest, socket: Socket): void {
		const opened = open(this.#host, request, socket);
		// Only a greenlet that has just been lost does not take it, and then the connection it accepted goes with it.
		if (!request.resolve(opened)) this.#host.release(opened.handle);
	}

	#park(request: HubRequest, timeoutMs: number): void {
		const waiter: Waiter = { request, timer: undefined };
		this.#waiters.push(waiter);
		request.onCancel = () => this.#forget(waiter);
		if (timeoutMs < 0) return;
		waiter.timer = this.#host.timer(timeoutMs, () => {
			this.#forget(waiter);
			request.reject(new TimedOutError(`The attempt to accept a connection on ${this.kind}`, timeoutMs));
		});
	}

	#forget(waiter: Waiter): void {
		settle(waiter);
		const at = this.#waiters.indexOf(waiter);
		if (at >= 0) this.#waiters.splice(at, 1);
	}
}

/** Puts a connected socket under the hub's care for the greenlet that asked. */
export function open(host: ServiceHost, request: HubRequest, socket: Socket): Opened {
	const connection = new Connection(host, socket);
	return { handle: host.own(request.owner, connection), endpoints: connection.endpoints };
}

function settle(waiter: Waiter): void {
	waiter.timer?.cancel();
	waiter.request.onCancel = undefined;
}

function ignore(): void {
	// See `Acceptor#onConnection`.
}

function describe(address: ListenerAddress): string {
	if (typeof address === 'string') return address;
	return `${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}`;
}
