import { fileURLToPath } from 'node:url';
import { inspect } from 'node:util';
import { SHARE_ENV, type Worker } from 'node:worker_threads';
import { Piscina } from 'piscina';
import { lookUntil } from '../clock.js';
import { packError } from '../engine/threads/codec.js';
import { ClosedError, ThreadLostError } from '../errors.js';
import type { Ending } from '../hub/greenlet-record.js';
import type { Resource } from '../hub/service.js';
import type { PoolJob } from './pool-job.js';

const ENTRY = fileURLToPath(new URL('./thread-pool-entry.cjs', import.meta.url));

/** Milliseconds after which an idle thread ends, as gevent's `GEVENT_THREADPOOL_IDLE_TASK_TIMEOUT`. */
const IDLE_MS = 5_000;
/** Milliseconds a terminated thread may take to end before it counts as stuck in a native call. */
const TERMINATION_MS = 2_000;

/**
 * The threads behind a `ThreadPool`: piscina starts, reuses and ends them. Work that finds no free thread waits here and not in
 * piscina, which starts no thread in place of a lost one for what it has in its queue. Hub thread only.
 */
export class NativePool implements Resource {
	readonly kind = 'thread pool';
	readonly #maxsize: number;
	readonly #heapLimitMb: number;
	#piscina: Piscina | undefined;
	readonly #waiting = new Set<PoolJob>();
	readonly #running = new Set<PoolJob>();
	/** Threads that have not ended, those that piscina has given up among them. */
	readonly #threads = new Set<Worker>();
	readonly #idleListeners = new Set<() => void>();
	readonly #gone: () => void;
	#closed = false;
	/** What a thread without work has ended with. */
	#stray: Error | undefined;

	/** @param gone called once when it has been ended and so have its threads */
	constructor(maxsize: number, heapLimitMb: number, gone: () => void) {
		this.#maxsize = maxsize;
		this.#heapLimitMb = heapLimitMb;
		this.#gone = gone;
	}

	/** Threads that can take work or have some. */
	get size(): number {
		return this.#piscina?.threads.length ?? 0;
	}

	/** Has a thread do it as soon as one is free. */
	add(job: PoolJob): void {
		this.#waiting.add(job);
		this.#next();
	}

	/** Calls off what has not ended: what runs loses its thread. */
	cancel(job: PoolJob): void {
		if (this.#waiting.delete(job)) {
			this.#settle(job, new ClosedError(`Cannot run ${job.work.task}: it was called off before a thread took it`));
		} else if (!job.ending) job.abort();
	}

	/** Calls `listener` once when nothing runs or waits; the returned function takes that back. */
	onIdle(listener: () => void): () => void {
		this.#idleListeners.add(listener);
		this.#tellIdle();
		return () => this.#idleListeners.delete(listener);
	}

	/** Ends everything; true when all threads have ended, false when one seems to be inside a native call that nothing can end. */
	async kill(): Promise<boolean> {
		this.dispose();
		return lookUntil(() => this.#threads.size === 0, TERMINATION_MS);
	}

	dispose(): void {
		if (this.#closed) return;
		this.#closed = true;
		for (const job of [...this.#waiting]) this.cancel(job);
		for (const job of this.#running) job.abort();
		void this.#piscina?.destroy();
		this.#tellGone();
	}

	#tellGone(): void {
		if (this.#closed && this.#threads.size === 0) this.#gone();
	}

	#next(): void {
		for (const job of this.#waiting) {
			if (this.#running.size >= this.#maxsize) return;
			this.#waiting.delete(job);
			this.#begin(job);
		}
		this.#tellIdle();
	}

	#begin(job: PoolJob): void {
		this.#running.add(job);
		this.#piscina ??= this.#start();
		this.#piscina.run(job.work, { signal: job.signal }).then(
			(ending: Ending | null) => {
				// piscina takes `throw null` of a callback for the result.
				if (ending) job.end(ending);
				else this.#lose(job, ending);
				this.#ended(job);
			},
			(error: unknown) => {
				this.#lose(job, error);
				this.#ended(job);
			},
		);
		this.#noteThreads();
		job.onStart?.();
	}

	/** @param error what ended its thread, which may be anything that can be thrown */
	#lose(job: PoolJob, error: unknown): void {
		this.#settle(job, new ThreadLostError(job.work.task, this.#whyLost(job, error), { cause: error }));
	}

	#whyLost(job: PoolJob, error: unknown): string {
		if (this.#closed) return 'the pool was killed, or closed with its last holder';
		if (job.signal.aborted) return 'it was called off';
		const { message } = Object(error) as { message?: unknown };
		// piscina says "worker" for what is a thread here.
		if (typeof message === 'string') return message.replace(/^worker/, 'its thread');
		return `its result cannot be cloned, or a callback has thrown what is no error: ${inspect(error)}`;
	}

	#settle(job: PoolJob, error: Error): void {
		error.stack = `${error.name}: ${error.message}`; // where the hub found out says nothing to the caller, whose frames are added
		job.end({ ok: false, packet: packError(error) });
	}

	#ended(job: PoolJob): void {
		this.#running.delete(job);
		this.#next();
	}

	#tellIdle(): void {
		if (this.#running.size + this.#waiting.size > 0) return;
		for (const listener of this.#idleListeners) listener();
		this.#idleListeners.clear();
	}

	#start(): Piscina {
		const piscina = new Piscina({
			filename: ENTRY,
			minThreads: 0,
			maxThreads: this.#maxsize,
			idleTimeout: IDLE_MS,
			// A thread that waits by Atomics has no event loop, on which what a task has left behind could go on.
			atomics: 'disabled',
			recordTiming: false,
			env: SHARE_ENV,
			trackUnmanagedFds: false,
			resourceLimits: { maxOldGenerationSizeMb: this.#heapLimitMb },
		});
		piscina.on('workerCreate', () => this.#noteThreads());
		// Of a thread that had no work, or has not come up.
		piscina.on('error', (error: Error) => {
			this.#stray = error;
			console.error('A thread of a ThreadPool ended while it had no work:', error);
		});
		return piscina;
	}

	#noteThreads(): void {
		for (const thread of this.#piscina?.threads ?? []) {
			if (this.#threads.has(thread)) continue;
			this.#threads.add(thread);
			thread.once('exit', () => {
				this.#threads.delete(thread);
				this.#tellGone();
				setImmediate(() => this.#failStuck());
			});
		}
	}

	/**
	 * A thread that ends before it has come up leaves the work it was started for in piscina's queue, with nobody to take it. By now all
	 * that ran in the thread has been settled, and what waited has been begun, so a thread would have been started for it.
	 */
	#failStuck(): void {
		if (this.#closed || this.size > 0) return;
		for (const job of this.#running) {
			this.#settle(job, new ThreadLostError(job.work.task, 'no thread could be started for it', { cause: this.#stray }));
			job.abort();
		}
	}
}
