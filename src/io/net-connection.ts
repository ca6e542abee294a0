import type { Socket } from 'node:net';
import type { ClockTimer } from '../clock.js';
import { BusyError, ClosedError, GreenError, TimedOutError } from '../errors.js';
import { type HubRequest, LATER, type Resource, type ServiceHost } from '../hub/service.js';
import { ByteQueue } from './byte-queue.js';
import type { Demand } from './demand.js';
import type { Endpoints } from './net-messages.js';

/** The hub stops taking bytes from the kernel when this many wait for a reader; what is under way comes on top. */
export const READ_AHEAD = 64 * 1024;

/**
 * Node's stream must not hold a second read-ahead behind ours: at a mark of 1 it keeps the one chunk that was under way
 * when it was paused.
 */
export const STREAM_MARK = 1;

/** A greenlet that is parked on a connection. */
interface Waiter {
	readonly request: HubRequest;
	timer: ClockTimer | undefined;
}

interface Reader extends Waiter {
	readonly demand: Demand;
}

/** A parked `write` or, without data, `end`; they take turns, so that each write stays in one piece. */
interface Writer extends Waiter {
	readonly data: Buffer | undefined;
}

/**
 * The hub's side of one connection: the real socket, the bytes that have arrived for nobody yet, the one parked
 * reader and the queue of writers. Bytes leave the queue only when a reader takes them, so that a kill or a
 * timeout loses none. Lives on the hub thread.
 */
export class Connection implements Resource {
	readonly kind: string;
	readonly #host: ServiceHost;
	readonly #socket: Socket;
	readonly #arrived = new ByteQueue();
	readonly #writers: Writer[] = [];
	#reader: Reader | undefined;
	/** The operating system has not yet taken all of the last write. */
	#sending = false;
	#flowing = true;
	#ended = false;
	#disposed = false;
	/** What broke the connection; told to every later reader (once the queue is empty) and writer. */
	#failure: Error | undefined;

	/** @param socket connected; paused sockets start to flow here */
	constructor(host: ServiceHost, socket: Socket) {
		this.#host = host;
		this.#socket = socket;
		this.kind = `socket ${describe(socket)}`;
		socket.on('data', (chunk: Buffer) => this.#onData(chunk));
		socket.on('end', () => this.#onEnd());
		socket.on('error', (error) => this.#onFailure(error));
		socket.on('close', () => this.#onClose());
		socket.resume();
		// Greenlets keep the process alive, not what they wait for.
		socket.unref();
	}

	/** Both addresses, as far as there are any. */
	get endpoints(): Endpoints {
		return endpointsOf(this.#socket);
	}

	/** Bytes that have arrived for nobody yet. */
	get held(): number {
		return this.#arrived.length;
	}

	/** Takes bytes from the kernel as they come; false once the read-ahead is full. */
	get flowing(): boolean {
		return this.#flowing;
	}

	/**
	 * Answers with what `demand` takes, now or when it has arrived.
	 * @throws BusyError when another greenlet is reading
	 */
	read(request: HubRequest, demand: Demand, timeoutMs: number): typeof LATER {
		if (this.#reader) {
			const { label } = this.#reader.request.owner;
			throw new BusyError(`Cannot read from ${this.kind} in greenlet ${request.owner.label}: greenlet ${label} is reading it`);
		}
		if (this.#serve(request, demand)) return LATER;
		const reader: Reader = { request, demand, timer: undefined };
		this.#reader = reader;
		this.#arm(reader, timeoutMs, 'read from', () => this.#forgetReader(reader));
		this.#regulate();
		return LATER;
	}

	/** Answers when the operating system has taken all of `data`. */
	write(request: HubRequest, data: Buffer, timeoutMs: number): typeof LATER {
		return this.#queueWriter({ request, data, timer: undefined }, timeoutMs, 'write to');
	}

	/** Sends the end of the stream after everything written before; answers when it has left. */
	end(request: HubRequest, timeoutMs: number): typeof LATER {
		return this.#queueWriter({ request, data: undefined, timer: undefined }, timeoutMs, 'end');
	}

	/** Turns Nagle's algorithm off or on. */
	setNoDelay(on: boolean): void {
		this.#socket.setNoDelay(on);
	}

	/** Turns keep-alive probes on or off; `initialDelayMs` 0 keeps the system's delay. */
	setKeepAlive(on: boolean, initialDelayMs: number): void {
		this.#socket.setKeepAlive(on, initialDelayMs);
	}

	/** Closes at once; whoever is parked gets a `ClosedError`. */
	dispose(): void {
		if (this.#disposed) return;
		this.#disposed = true;
		this.#socket.destroy();
		this.#wakeAll(new ClosedError(`The ${this.kind} was closed while a greenlet was using it`));
	}

	#onData(chunk: Buffer): void {
		this.#arrived.push(chunk);
		this.#serveReader();
		this.#regulate();
	}

	#onEnd(): void {
		this.#ended = true;
		this.#serveReader();
	}

	#onFailure(error: Error): void {
		this.#failure ??= error;
		this.#serveReader();
		this.#rejectWriters(error);
	}

	#onClose(): void {
		if (this.#ended || this.#failure || this.#disposed) return;
		// Both directions are over, although neither an end nor an error was seen.
		this.#onEnd();
	}

	/** Lets the socket flow while somebody waits for more or little is kept, and pauses it otherwise. */
	#regulate(): void {
		const flow = this.#reader !== undefined || this.#arrived.length < READ_AHEAD;
		if (flow === this.#flowing) return;
		this.#flowing = flow;
		if (flow) this.#socket.resume();
		else this.#socket.pause();
	}

	#serveReader(): void {
		const reader = this.#reader;
		if (reader && this.#serve(reader.request, reader.demand)) this.#forgetReader(reader);
	}

	/** True when the request has been answered. */
	#serve(request: HubRequest, demand: Demand): boolean {
		let value: Buffer | null | undefined;
		try {
			value = demand(this.#arrived, this.#ended);
		} catch (error) {
			request.reject(error);
			return true;
		}
		if (value === undefined) {
			if (!this.#failure) return false;
			request.reject(this.#failure);
			return true;
		}
		if (!request.resolve(value) && value) this.#arrived.unshift(value);
		this.#regulate();
		return true;
	}

	#forgetReader(reader: Reader): void {
		reader.timer?.cancel();
		reader.request.onCancel = undefined;
		if (this.#reader === reader) this.#reader = undefined;
		this.#regulate();
	}

	#queueWriter(writer: Writer, timeoutMs: number, verb: string): typeof LATER {
		if (this.#failure) throw this.#failure;
		this.#writers.push(writer);
		this.#send();
		if (writer.request.pending) this.#arm(writer, timeoutMs, verb, () => this.#forgetWriter(writer));
		return LATER;
	}

	/** Hands the first writer's data to the socket, unless that is still busy with the one before. */
	#send(): void {
		const writer = this.#writers[0];
		if (this.#sending || !writer) return;
		if (this.#socket.writableEnded) this.#afterEnd(writer);
		else {
			this.#sending = true;
			const done = (error?: Error | null) => this.#onSent(writer, error);
			if (writer.data) this.#socket.write(writer.data, done);
			else this.#socket.end(done);
			// Usually the kernel has taken the data by now; the callback would come a tick later.
			if (writer.data && this.#socket.writableLength === 0 && !this.#socket.errored) this.#settleWriter(writer);
		}
	}

	/** The stream would answer a write after its end by destroying the socket, and with it what can still be read. */
	#afterEnd(writer: Writer): void {
		if (writer.data) {
			this.#settleWriter(writer, new GreenError('ERR_STREAM_WRITE_AFTER_END', `Cannot write to ${this.kind}: its end was sent already`));
		} else this.#settleWriter(writer);
		this.#send();
	}

	#onSent(writer: Writer, error: Error | null | undefined): void {
		this.#sending = false;
		if (error) this.#settleWriter(writer, this.#failure ?? error);
		else this.#settleWriter(writer);
		this.#send();
	}

	#settleWriter(writer: Writer, error?: Error): void {
		this.#forgetWriter(writer);
		if (error) writer.request.reject(error);
		else writer.request.resolve(undefined);
	}

	#forgetWriter(writer: Writer): void {
		writer.timer?.cancel();
		writer.request.onCancel = undefined;
		const at = this.#writers.indexOf(writer);
		if (at >= 0) this.#writers.splice(at, 1);
	}

	#rejectWriters(error: Error): void {
		for (const writer of [...this.#writers]) this.#settleWriter(writer, error);
	}

	#wakeAll(error: Error): void {
		const reader = this.#reader;
		if (reader) {
			this.#forgetReader(reader);
			reader.request.reject(error);
		}
		this.#rejectWriters(error);
	}

	/** Parks a waiter: a kill calls `forget`, the timeout also rejects. */
	#arm(waiter: Waiter, timeoutMs: number, verb: string, forget: () => void): void {
		waiter.request.onCancel = forget;
		if (timeoutMs < 0) return;
		waiter.timer = this.#host.timer(timeoutMs, () => {
			forget();
			waiter.request.reject(new TimedOutError(`The attempt to ${verb} ${this.kind}`, timeoutMs));
		});
	}
}

function endpointsOf(socket: Socket): Endpoints {
	const { localAddress, localPort, localFamily, remoteAddress, remotePort, remoteFamily } = socket;
	return {
		...(localAddress !== undefined && { localAddress }),
		...(localPort !== undefined && { localPort }),
		...(localFamily !== undefined && { localFamily }),
		...(remoteAddress !== undefined && { remoteAddress }),
		...(remotePort !== undefined && { remotePort }),
		...(remoteFamily !== undefined && { remoteFamily }),
	};
}

function describe(socket: Socket): string {
	if (socket.remoteAddress === undefined) return 'over a Unix path';
	const host = socket.remoteFamily === 'IPv6' ? `[${socket.remoteAddress}]` : socket.remoteAddress;
	return `${host}:${socket.remotePort}`;
}
