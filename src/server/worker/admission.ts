import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { type Clock, SystemClock } from '../../clock.js';
import type { Traffic } from '../http/draining-server.js';
import { refuseRequest } from '../http/refusal.js';
import type { Log } from '../log/log.js';

/**
 * How long a connection without a request may keep others away at most, in milliseconds: the first bytes of a client that has something
 * to say come with the connection, or right after it.
 */
const LONGEST_SILENCE_MS = 100;
/** What each connection that does speak adds to that again, after silent ones have made it shorter; below that it is none at all. */
const SPOKEN_MS = 1;

/** A worker with less than this share of its capacity free waits a little before it accepts again. */
const MARGIN = 8;
/** How long it waits, in milliseconds. */
const RESUME_MS = 5;

/** What a client that is turned away is told to wait, in seconds. */
const RETRY_AFTER = '1';
/** At most one line in the log for so many milliseconds of turning clients away. */
const COMPLAINT_MS = 1_000;

export interface AdmissionOptions {
	/** Requests that are handled at once, at least 1. */
	readonly capacity: number;
	/** Requests that may wait; more are answered with 503. */
	readonly maxQueued: number;
	readonly log: Log;
	/** Called when the worker is full: no further connection shall be accepted. */
	readonly pause: () => void;
	/** Called when it has room again. */
	readonly resume: () => void;
	/** Called for each request that begins, with the number of those that have begun. */
	readonly onBegin?: (requests: number) => void;
	/** Called for each request that has given its place back, before the next one begins. */
	readonly onEnd?: () => void;
	/** For tests. */
	readonly clock?: Clock;
}

type RequestListener = (request: IncomingMessage, response: ServerResponse) => void;

/**
 * Decides when a worker accepts connections and when a request begins: as many requests are handled at once as it has room for.
 *
 * While it is full, new connections stay in the kernel, where another worker can take them. A request that comes on a connection
 * accepted before waits in a queue. A request has its place until it has been answered and its greenlet has ended, which a client that
 * leaves does not change. An idle connection counts for nothing, but one that has just been accepted counts until its first request
 * has come, so that a burst is not accepted by a single worker; a client that says nothing does so for a moment only, and for half of
 * it after each such client. State lives on the hub.
 */
export class Admission implements Traffic {
	readonly #options: AdmissionOptions;
	readonly #clock: Clock;
	/** Accepted, and no request yet: since when, the oldest first. */
	readonly #newcomers = new Map<Socket, number>();
	/** Those that have been silent for too long, and count no more. */
	readonly #silent = new WeakSet<Socket>();
	/** Whether connections without a request are going to be looked at. */
	#looking = false;
	/** Requests that have a place, each with the number of those who are not done with it: its answer, and its greenlet. */
	readonly #handled = new Map<IncomingMessage, number>();
	/** Waiting requests in the order they came, with what begins them. */
	readonly #waiting = new Map<ServerResponse, () => void>();
	#silenceMs = LONGEST_SILENCE_MS;
	#paused = false;
	/** Takes back that it will accept again in a moment; undefined when it will not. */
	#resuming: (() => void) | undefined;
	#soon = false;
	#requests = 0;
	#lastBegunAt = 0;
	#refused = 0;
	#complaint: NodeJS.Timeout | undefined;

	constructor(options: AdmissionOptions) {
		this.#options = options;
		this.#clock = options.clock ?? new SystemClock();
	}

	/** Requests that are handled at once. */
	get capacity(): number {
		return this.#options.capacity;
	}

	/** Requests that have begun so far. */
	get requests(): number {
		return this.#requests;
	}

	/** Requests being handled. */
	get busy(): number {
		return this.#handled.size;
	}

	/** Requests that wait for room. */
	get queued(): number {
		return this.#waiting.size;
	}

	/** When the latest request began, in milliseconds of `performance.now()`. */
	get lastBegunAt(): number {
		return this.#lastBegunAt;
	}

	/**
	 * Stands between a server and whoever handles its requests: what listens for `request` by now is called when there is room for one
	 * more. The server's `DrainingServer` must tell this object of its traffic, and must not listen yet.
	 */
	guard(server: Server): void {
		const listeners = server.listeners('request') as RequestListener[];
		server.removeAllListeners('request');
		server.on('request', (request, response) => {
			this.#admit(response, () => {
				for (const listener of listeners) listener.call(server, request, response);
			});
		});
	}

	connected(socket: Socket): void {
		this.#newcomers.set(socket, this.#clock.now());
		this.#balance();
	}

	disconnected(socket: Socket): void {
		if (this.#newcomers.delete(socket)) this.#balance();
	}

	requested({ req: { socket } }: ServerResponse): void {
		// The request takes its place, and it is on its way here.
		if (this.#newcomers.delete(socket) || this.#silent.delete(socket))
			this.#silenceMs = Math.min(LONGEST_SILENCE_MS, this.#silenceMs + SPOKEN_MS);
	}

	answered(response: ServerResponse): void {
		if (!this.#waiting.delete(response)) this.#release(response.req);
	}

	/** A greenlet begins to serve a request that has a place. */
	started(request: IncomingMessage): void {
		const holders = this.#handled.get(request);
		if (holders) this.#handled.set(request, holders + 1);
	}

	/** That greenlet has ended; it may be long after its client has left. */
	ended(request: IncomingMessage): void {
		this.#release(request);
	}

	#release(request: IncomingMessage): void {
		const holders = this.#handled.get(request);
		if (!holders) return;
		if (holders > 1) {
			this.#handled.set(request, holders - 1);
			return;
		}
		this.#handled.delete(request);
		this.#options.onEnd?.();
		for (const [next, handle] of this.#waiting) {
			this.#waiting.delete(next);
			this.#begin(next, handle);
			break;
		}
		this.#balance();
	}

	#admit(response: ServerResponse, handle: () => void): void {
		const { capacity, maxQueued } = this.#options;
		if (this.#handled.size < capacity) this.#begin(response, handle);
		else if (this.#waiting.size < maxQueued) this.#waiting.set(response, handle);
		else this.#refuse(response);
		this.#balance();
	}

	#begin(response: ServerResponse, handle: () => void): void {
		this.#handled.set(response.req, 1);
		this.#lastBegunAt = performance.now();
		this.#options.onBegin?.(++this.#requests);
		handle();
	}

	#refuse(response: ServerResponse): void {
		response.setHeader('Retry-After', RETRY_AFTER);
		refuseRequest(response, { status: 503, why: 'too many requests wait already' });
		this.#refused++;
		this.#complaint ??= setTimeout(() => {
			const { log, maxQueued } = this.#options;
			log.warning(`${this.#refused} requests were answered with 503 (pid: ${process.pid}): ${maxQueued} others waited already`);
			this.#refused = 0;
			this.#complaint = undefined;
		}, COMPLAINT_MS).unref();
	}

	/** Stops to accept, or starts again, as the room demands. */
	#balance(): void {
		const { capacity } = this.#options;
		const room = this.#room;
		if (room <= 0) this.#mindSilent();
		if (room <= 0) {
			if (this.#paused) return;
			this.#paused = true;
			this.#options.pause();
		} else if (this.#paused) this.#resumeIn(room * MARGIN >= capacity);
	}

	/**
	 * Only a worker without room minds connections without a request. Where the hub itself has stood still, their requests wait in the
	 * kernel: two turns later the loop has certainly polled, and read them.
	 */
	#mindSilent(): void {
		const [oldest] = this.#newcomers.values();
		if (oldest === undefined || this.#looking) return;
		this.#looking = true;
		const look = () => {
			const now = this.#clock.now();
			setImmediate(() => setImmediate(() => this.#forgetSilent(now)));
		};
		const leftMs = oldest + this.#silenceMs - this.#clock.now();
		if (leftMs > 0) this.#clock.schedule(leftMs, look);
		else look();
	}

	/** @param now two turns ago */
	#forgetSilent(now: number): void {
		this.#looking = false;
		for (const [socket, since] of this.#newcomers) {
			if (since + this.#silenceMs > now) break;
			this.#newcomers.delete(socket);
			this.#silent.add(socket);
			this.#silenceMs = this.#silenceMs < 2 * SPOKEN_MS ? 0 : this.#silenceMs / 2;
		}
		this.#balance();
	}

	/** One end of a request among many is not worth the change: the next one mostly follows in a moment. */
	#resumeIn(soon: boolean): void {
		if (this.#resuming && (this.#soon || !soon)) return;
		this.#resuming?.();
		this.#soon = soon;
		if (soon) {
			const turn = setImmediate(() => this.#resume());
			this.#resuming = () => clearImmediate(turn);
		} else {
			const moment = setTimeout(() => this.#resume(), RESUME_MS);
			this.#resuming = () => clearTimeout(moment);
		}
	}

	#resume(): void {
		this.#resuming = undefined;
		if (this.#room <= 0) return;
		this.#paused = false;
		this.#options.resume();
	}

	get #room(): number {
		return this.#options.capacity - this.#handled.size - this.#waiting.size - this.#newcomers.size;
	}
}
