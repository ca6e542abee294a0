import { availableParallelism } from 'node:os';
import { RELEASE } from '../engine/core-operations.js';
import { duration } from '../engine/duration.js';
import { block, canBlock, engineFor, runningEngine } from '../engine/engine.js';
import { packArguments, registerHandle } from '../engine/threads/codec.js';
import { ClosedError } from '../errors.js';
import type { Cloned, HANDLE } from '../greenlet/cloned.js';
import type { GetOptions, JoinOptions } from '../greenlet/greenlet.js';
import { taskName } from '../greenlet/task.js';
import { checkCount } from './argument-check.js';
import { argumentError } from './argument-error.js';
import * as messages from './thread-pool-messages.js';

/** What a `ThreadPool` may be told. */
export interface ThreadPoolOptions {
	/** Threads at most; default `availableParallelism()`. They start as work comes, and end when they have been idle for 5 seconds. */
	maxsize?: number;
	/** Heap limit of each thread in MB; work that grows beyond it is lost alone. Default 1,024. */
	heapLimitMb?: number;
}

const DEFAULT_HEAP_MB = 1024;

/**
 * Threads for work that does not park: computing, and native synchronous calls (gevent's `ThreadPool`). A greenlet that computes
 * keeps one of the few places in which greenlets run; here it only waits, and others go on.
 *
 * What runs here is a task, registered with `task` or `tasks`, plain or async. It runs outside of all greenlets and unpatched: the
 * blocking calls of this package throw `WrongThreadError`, and Node's own calls are Node's. Errors come back with their class, code and
 * cause, and with the caller's stack behind their own. The threads live on the hub; the pool can be passed to other greenlets, which then
 * share them, and closes with its last holder. One that is used again by a later greenlet of the same thread opens anew.
 * @example
 * import { isMain, task } from 'tsgevent';
 * import { ThreadPool } from 'tsgevent/threadpool';
 * import assert from 'node:assert/strict';
 *
 * const fibonacci = task(import.meta, function fibonacci(n) {
 * 	return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2);
 * });
 *
 * if (isMain(import.meta)) {
 * 	const pool = new ThreadPool({ maxsize: 2 });
 * 	assert.equal(pool.apply(fibonacci, 20), 6765);
 * 	assert.deepEqual(pool.map(fibonacci, [1, 2, 3, 4]), [1, 1, 2, 3]);
 * 	pool.kill();
 * }
 */
export class ThreadPool {
	declare readonly [HANDLE]: true;
	/** Threads at most. */
	readonly maxsize: number;
	readonly #heapLimitMb: number;
	#handle = 0;
	/** Who has opened it, and lets go of it at the latest when it ends. */
	#opener = 0;
	#killed = false;

	/** @throws TypeError `ERR_INVALID_ARG_TYPE`, RangeError `ERR_OUT_OF_RANGE` for what is no whole number from 1 */
	constructor({ maxsize = availableParallelism(), heapLimitMb = DEFAULT_HEAP_MB }: ThreadPoolOptions = {}) {
		this.maxsize = checkSize('maxsize', maxsize);
		this.#heapLimitMb = checkSize('heapLimitMb', heapLimitMb);
	}

	/**
	 * Runs `fn(...args)` in a thread and returns its value. Parks; when the greenlet is killed or timed out meanwhile, the work is ended
	 * with its thread.
	 * @throws what the function throws
	 * @throws NotSpawnableError `ERR_NOT_SPAWNABLE` as `spawn` does
	 * @throws ThreadLostError `ERR_THREAD_LOST` when its thread ended under it: `process.exit`, heap limit, or the pool was killed
	 * @throws ClosedError `ERR_CLOSED` after `kill()`
	 */
	apply<A extends unknown[], R>(fn: (...args: A) => R, ...args: A): Cloned<Awaited<R>> {
		return block(messages.POOL_APPLY, this.#use('apply'), packWork(fn, args)) as Cloned<Awaited<R>>;
	}

	/**
	 * Has a thread run `fn(...args)`. Parks until one has taken it; from then on it runs whether or not anybody waits for it, until it ends, the
	 * pool closes, or the process ends.
	 * @throws NotSpawnableError `ERR_NOT_SPAWNABLE` as `spawn` does
	 * @throws ClosedError `ERR_CLOSED` after `kill()`
	 */
	spawn<A extends unknown[], R>(fn: (...args: A) => R, ...args: A): ThreadResult<Cloned<Awaited<R>>> {
		return ThreadResult.of(block(messages.POOL_SPAWN, this.#use('spawn'), packWork(fn, args)));
	}

	/**
	 * The values of `fn(item)` for all items, in their order; as many at a time as there are threads. Parks.
	 * @throws what the first of them that fails throws; the others are cancelled, as they are when the greenlet is killed
	 */
	map<T, R>(fn: (item: T) => R, items: Iterable<T>): Cloned<Awaited<R>>[] {
		const results: ThreadResult<Cloned<Awaited<R>>>[] = [];
		try {
			for (const item of items) results.push(this.spawn(fn, item));
			return results.map((result) => result.get());
		} finally {
			for (const result of results) result.cancel();
		}
	}

	/** Waits until nothing runs or waits for a thread; false when the time was up first. Parks. */
	join(options: JoinOptions = {}): boolean {
		return block(messages.POOL_JOIN, this.#use('join'), duration(options.timeout, 'timeout'));
	}

	/**
	 * Ends all threads, with what they run; whoever waits for that gets a `ThreadLostError`. Parks. gevent's lets running work end; this is for
	 * that which does not. `join()` first where it shall.
	 * @returns true when all threads have ended, false when one is inside a native synchronous call that nothing can end: it is abandoned
	 */
	kill(): boolean {
		if (this.#killed) return true;
		const handle = this.#open ? this.#handle : 0;
		// Throws where nothing can block, and leaves the pool as it is.
		if (handle !== 0 && !canBlock()) return block(messages.POOL_KILL, handle);
		this.#killed = true;
		this.#handle = 0;
		return handle === 0 || block(messages.POOL_KILL, handle);
	}

	/** `kill()`. */
	[Symbol.dispose](): void {
		this.kill();
	}

	/** Threads there are now. Asks the hub. */
	get size(): number {
		return this.#open ? block(messages.POOL_SIZE, this.#handle) : 0;
	}

	/** It has been opened, by a greenlet that has not ended. */
	get #open(): boolean {
		const engine = runningEngine();
		return this.#handle !== 0 && engine !== undefined && (engine.capabilities.sharedHeap || engine.currentId() === this.#opener);
	}

	#use(verb: string): number {
		if (this.#killed) throw new ClosedError(`Cannot ${verb} with this thread pool: it has been killed`);
		if (!this.#open) {
			this.#handle = block(messages.POOL_OPEN, this.maxsize, this.#heapLimitMb);
			this.#opener = engineFor('ThreadPool').currentId();
		}
		return this.#handle;
	}

	static {
		registerHandle<ThreadPool>({
			tag: 'ThreadPool',
			module: import.meta.url,
			is: (value) => value instanceof ThreadPool,
			// Opened here, so that sender and receiver have the same threads.
			encode: (pool) => ({ handle: canBlock() ? pool.#use('send') : pool.#handle, data: [pool.maxsize, pool.#heapLimitMb] }),
			decode: (handle, data) => {
				const [maxsize, heapLimitMb] = data as [number, number];
				const pool = new ThreadPool({ maxsize, heapLimitMb });
				pool.#handle = handle;
				pool.#opener = runningEngine()?.currentId() ?? 0;
				return pool;
			},
		});
	}
}

const dropped = new FinalizationRegistry<number>((handle) => runningEngine()?.post(RELEASE, handle));

/**
 * What comes of `ThreadPool.spawn` (gevent's `ThreadResult`): a reference to a result that the hub keeps for the greenlet that spawned it.
 * @example
 * import { isMain, task } from 'tsgevent';
 * import { ThreadPool } from 'tsgevent/threadpool';
 * import assert from 'node:assert/strict';
 *
 * const square = task(import.meta, function square(n) {
 * 	return n * n;
 * });
 *
 * if (isMain(import.meta)) {
 * 	const pool = new ThreadPool();
 * 	const result = pool.spawn(square, 7);
 * 	assert.equal(result.get({ timeout: 60_000 }), 49);
 * 	assert.equal(result.ready(), true);
 * 	pool.kill();
 * }
 */
export class ThreadResult<T> {
	readonly #handle: number;

	private constructor(handle: number) {
		this.#handle = handle;
		dropped.register(this, handle, this);
	}

	/** The reference to a result by its handle; for this package. */
	static of<T>(handle: number): ThreadResult<T> {
		return new ThreadResult<T>(handle);
	}

	/**
	 * Waits for the end of the work and returns its value, as often as it is asked. Parks.
	 * @throws what the work threw
	 * @throws TimedOutError `ETIMEDOUT` when the time is up first, or at once with `block: false`
	 * @throws ThreadLostError `ERR_THREAD_LOST` when its thread ended under it
	 * @throws ClosedError `ERR_CLOSED` after `cancel()`
	 */
	get(options: GetOptions = {}): T {
		return block(messages.RESULT_GET, this.#handle, options.block === false ? 0 : duration(options.timeout, 'timeout')) as T;
	}

	/** Waits for the end, whatever it is; false when the time was up first. Parks. */
	join(options: JoinOptions = {}): boolean {
		return block(messages.RESULT_JOIN, this.#handle, duration(options.timeout, 'timeout'));
	}

	/** Whether it has ended. Asks the hub. */
	ready(): boolean {
		return block(messages.RESULT_STATUS, this.#handle) !== 'running';
	}

	/** Whether it has ended without an error. Asks the hub. */
	successful(): boolean {
		return block(messages.RESULT_STATUS, this.#handle) === 'value';
	}

	/** Ends the work with its thread, if it has not ended, and forgets the result. Does not switch. */
	cancel(): void {
		dropped.unregister(this);
		engineFor('ThreadResult.cancel').post(messages.RESULT_CANCEL, this.#handle);
	}
}

function packWork(fn: (...args: never[]) => unknown, args: readonly unknown[]): messages.PoolWork {
	return { ...taskName(fn), args: packArguments(args) };
}

function checkSize(name: string, value: unknown): number {
	const size = checkCount('new ThreadPool()', name, value);
	if (size > 0) return size;
	throw argumentError('ERR_OUT_OF_RANGE', `Cannot call new ThreadPool(): ${name} must be at least 1, got ${size}`);
}
