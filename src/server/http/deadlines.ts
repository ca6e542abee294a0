import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { type Clock, SystemClock } from '../../clock.js';
import type { Config } from '../config/config.js';
import type { Log } from '../log/log.js';
import type { Refusal } from './refusal.js';

/** The deadlines of clients, in seconds; 0 for none. */
export type DeadlineSettings = Pick<Config, 'header_timeout' | 'body_timeout' | 'write_timeout'>;

/** Bounds of the time between two looks at the connections, in milliseconds; every deadline is late by up to one look. */
const SHORTEST_LOOK_MS = 20;
const LONGEST_LOOK_MS = 1_000;
/** How many looks the shortest deadline takes at least, so that it is late by no more than a small part. */
const LOOKS = 8;

/** Node's fields that no type declares. */
interface WritingSocket extends Socket {
	readonly _handle?: { readonly bytesWritten: number; readonly writeQueueSize: number } | null;
}

/** A connection and what was seen of it at the last look; times are counted in looks. */
interface Watched {
	readonly socket: WritingSocket;
	/** The latest request and its response. */
	request?: IncomingMessage;
	response?: ServerResponse;
	/** A response has not finished. */
	busy: boolean;
	/** Bytes received. */
	read: number;
	/** When the wait for a header began, or the last byte of a body came. */
	since: number;
	/** Bytes the kernel has taken. */
	taken: number;
	/** When it took the last one, or had all. */
	takenAt: number;
}

/** The deadlines that have passed, each with the first connection it has hit and their number. */
type Cuts = Map<string, { readonly peer: string; count: number }>;

/**
 * Ends connections whose client is too slow: with the header of a request, with a body somebody waits for, or with taking a
 * response. One timer looks at all connections instead of one timer for each; a request costs two assignments. Time passes by
 * looks, so that no client is blamed for a time in which the hub itself stood still. Runs on the hub, also while a server drains.
 */
export class Deadlines {
	readonly #settings: DeadlineSettings;
	readonly #log: Log;
	readonly #clock: Clock;
	readonly #idleMs: () => number;
	readonly #refuse: (socket: Socket, refusal: Refusal) => void;
	readonly #connections = new Map<Socket, Watched>();
	/** Without any deadline there is nothing to look for. */
	readonly #lookMs: number = Number.POSITIVE_INFINITY;
	#look = 0;
	#running = false;

	/**
	 * @param idleMs how long a connection without a request is kept by others, in milliseconds
	 * @param refuse answers the client of a connection, as far as that makes sense, and ends the connection
	 * @param clock for tests
	 */
	constructor(
		settings: DeadlineSettings,
		log: Log,
		idleMs: () => number,
		refuse: (socket: Socket, refusal: Refusal) => void,
		clock: Clock = new SystemClock(),
	) {
		this.#settings = settings;
		this.#log = log;
		this.#idleMs = idleMs;
		this.#refuse = refuse;
		this.#clock = clock;
		const all = [settings.header_timeout, settings.body_timeout, settings.write_timeout].filter((seconds) => seconds > 0);
		if (all.length > 0) this.#lookMs = Math.max(SHORTEST_LOOK_MS, Math.min(LONGEST_LOOK_MS, (Math.min(...all) * 1_000) / LOOKS));
	}

	/** Watches a connection until it closes; the time of its first header begins. */
	watch(socket: Socket): void {
		this.#connections.set(socket, { socket, busy: false, read: 0, since: this.#look, taken: 0, takenAt: this.#look });
		socket.once('close', () => this.#connections.delete(socket));
		this.#run();
	}

	/** A header is complete. */
	begin(request: IncomingMessage, response: ServerResponse): void {
		const watched = this.#connections.get(request.socket);
		if (!watched) return;
		watched.request = request;
		watched.response = response;
		watched.busy = true;
	}

	#run(): void {
		if (this.#running || this.#connections.size === 0 || this.#lookMs === Number.POSITIVE_INFINITY) return;
		this.#running = true;
		this.#clock.schedule(this.#lookMs, () => {
			this.#running = false;
			this.#lookAtAll();
			this.#run();
		});
	}

	#lookAtAll(): void {
		this.#look++;
		const cuts: Cuts = new Map();
		for (const watched of this.#connections.values()) {
			if (watched.socket.destroyed) continue;
			// Read first: a connection that has been cut has no address any more.
			const why = this.#lookAt(watched);
			if (why) count(cuts, why.reason, watched.socket);
			why?.cut();
		}
		for (const [reason, { peer, count }] of cuts)
			this.#log.warning(`Closed ${count === 1 ? `the connection of ${peer}` : `${count} connections, one of them of ${peer}`}: ${reason}`);
	}

	#lookAt(watched: Watched): { reason?: string; cut(): void } | undefined {
		const { request, response } = watched;
		// What has been answered may still send the rest of its body, which nobody wants.
		const served = response?.closed === false || request?.complete === false;
		return this.#lookAtWriting(watched) ?? (served ? this.#lookAtBody(watched) : this.#lookAtHeader(watched));
	}

	#lookAtWriting(watched: Watched): { reason: string; cut(): void } | undefined {
		const { socket } = watched;
		const taken = socket.writableLength > 0 && socket._handle ? socket._handle.bytesWritten - socket._handle.writeQueueSize : -1;
		if (taken < 0 || taken !== watched.taken) {
			watched.taken = taken;
			watched.takenAt = this.#look;
		}
		const { write_timeout: seconds } = this.#settings;
		if (!this.#passed(watched.takenAt, seconds)) return undefined;
		return { reason: `it took no byte of its response for ${seconds} s (write_timeout)`, cut: () => socket.destroy() };
	}

	#lookAtBody(watched: Watched): { reason: string; cut(): void } | undefined {
		const { socket, request, response } = watched;
		const read = socket.bytesRead;
		if (read !== watched.read || !request || !isAwaited(request)) {
			watched.read = read;
			watched.since = this.#look;
		}
		const { body_timeout: seconds } = this.#settings;
		if (!this.#passed(watched.since, seconds)) return undefined;
		const why = `no byte of the request's body came for ${seconds} s`;
		const cut = () => (response?.closed ? socket.destroy() : this.#refuse(socket, { status: 408, why }));
		return { reason: `${why} (body_timeout)`, cut };
	}

	#lookAtHeader(watched: Watched): { reason?: string; cut(): void } | undefined {
		const { socket } = watched;
		const { bytesRead: read } = socket;
		const { header_timeout: seconds } = this.#settings;
		if (watched.busy) {
			// Idle since the last look.
			watched.busy = false;
			watched.read = read;
			watched.since = this.#look;
		} else if (watched.request && read === watched.read) {
			// Others close an idle connection, unless half a header had come when it became idle.
			return this.#passed(watched.since, seconds && seconds + this.#idleMs() / 1_000) ? { cut: () => socket.destroy() } : undefined;
		} else if (watched.request && watched.read >= 0) {
			// The first bytes of a header.
			watched.read = -1;
			watched.since = this.#look;
		}
		if (!this.#passed(watched.since, seconds)) return undefined;
		if (read === 0) return { cut: () => socket.destroy() };
		const why = `the header of the request was not complete after ${seconds} s`;
		return { reason: `${why} (header_timeout)`, cut: () => this.#refuse(socket, { status: 408, why }) };
	}

	#passed(since: number, seconds: number): boolean {
		return seconds > 0 && (this.#look - since) * this.#lookMs >= seconds * 1_000;
	}
}

/** Somebody waits for bytes of the body and has none; one that nobody reads may take its time. */
function isAwaited(request: IncomingMessage): boolean {
	if (request.complete || request.readableLength > 0) return false;
	return request.readableFlowing === true || request.listenerCount('readable') > 0;
}

function count(cuts: Cuts, reason: string | undefined, { remoteAddress = 'a client' }: Socket): void {
	if (reason === undefined) return;
	const known = cuts.get(reason);
	if (known) known.count++;
	else cuts.set(reason, { peer: remoteAddress, count: 1 });
}
