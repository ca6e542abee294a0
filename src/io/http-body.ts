import type { Readable } from 'node:stream';
import type { ClockTimer } from '../clock.js';
import { BusyError } from '../errors.js';
import type { HubRequest } from '../hub/service.js';
import { ByteQueue } from './byte-queue.js';
import { nodeError } from './http-error.js';

/** What the hub holds of a body ahead of its reader; beyond it the server has to wait. */
const AHEAD = 65_536;

interface Reader {
	readonly request: HubRequest;
	readonly atLeast: number;
	readonly max: number;
	timer: ClockTimer | undefined;
}

/** The body of a response on the hub: read ahead up to a limit, given out on demand. */
export class HttpBody {
	readonly #stream: Readable;
	readonly #queue = new ByteQueue();
	readonly #onDrained: () => void;
	#received = false;
	#ended = false;
	#error: unknown;
	#reader: Reader | undefined;
	#settled: (() => void) | undefined;

	/**
	 * @param source what comes from the network
	 * @param stream the same, decoded; or `source` itself
	 * @param onDrained called once, when the last bytes have been given out
	 */
	constructor(source: Readable, stream: Readable, onDrained: () => void) {
		this.#stream = stream;
		this.#onDrained = onDrained;
		source.once('end', () => {
			this.#received = true;
		});
		stream.on('data', (chunk: Buffer) => this.#take(chunk));
		stream.once('end', () => {
			this.#ended = true;
			this.#serve();
		});
		stream.once('error', (error) => this.#fail(nodeError(error)));
	}

	/**
	 * Waits for the loop turn in which the headers came to end: a short body is here as a whole then, and its connection can be
	 * used again. When all of the body has come and is only being decoded, waits for that too.
	 */
	async promptly(): Promise<void> {
		await new Promise((turn) => setImmediate(turn));
		if (!this.#received || this.#done) return;
		await new Promise<void>((done) => {
			this.#settled = done;
		});
	}

	get #done(): boolean {
		return this.#ended || this.#error !== undefined || this.#queue.length >= AHEAD;
	}

	/** All of it, when it is here; undefined otherwise, and nothing is taken then. */
	whole(): Buffer | undefined {
		return this.#ended ? this.#queue.take(this.#queue.length) : undefined;
	}

	/**
	 * Answers with `atLeast` to `max` bytes, with fewer or null at the end of the body.
	 * @param limit starts the timer that will end this body if the read takes too long; undefined for no limit
	 */
	read(request: HubRequest, atLeast: number, max: number, limit: (() => ClockTimer) | undefined): void {
		if (this.#reader) throw new BusyError(`Cannot read this body: greenlet ${this.#reader.request.owner.label} is already reading it`);
		const reader: Reader = { request, atLeast, max, timer: undefined };
		this.#reader = reader;
		this.#serve();
		if (this.#reader !== reader) return;
		reader.timer = limit?.();
		request.onCancel = () => this.#forget();
	}

	/** Ends the body at once; a waiting reader gets `error`. */
	destroy(error: unknown): void {
		this.#fail(error);
		this.#stream.destroy();
	}

	#take(chunk: Buffer): void {
		this.#queue.push(chunk);
		if (this.#queue.length >= AHEAD) this.#stream.pause();
		this.#serve();
	}

	#fail(error: unknown): void {
		this.#error ??= error;
		this.#serve();
	}

	#forget(): void {
		this.#reader?.timer?.cancel();
		this.#reader = undefined;
	}

	#serve(): void {
		if (this.#done) this.#settled?.();
		const { request, atLeast, max } = this.#reader ?? {};
		if (!request || !(this.#queue.length >= (atLeast as number) || this.#ended || this.#error !== undefined)) return;
		this.#forget();
		if (this.#error !== undefined) {
			request.reject(this.#error);
			return;
		}
		const chunk = this.#queue.take(max as number);
		// A chunk that was taken may have moved to the reader's thread: it must not be looked at again.
		const last = chunk.length < (atLeast as number);
		if (!request.resolve(chunk.length > 0 ? chunk : null)) this.#queue.unshift(chunk);
		else if (last) this.#onDrained();
		if (this.#queue.length < AHEAD) this.#stream.resume();
	}
}
