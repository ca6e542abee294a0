import { duration } from '../engine/duration.js';
import { engineFor } from '../engine/engine.js';
import { NotSpawnableError } from '../errors.js';
import type { Cloned } from './cloned.js';
import { GRACE_MS, Greenlet } from './greenlet.js';
import { taskName } from './task.js';

/** What a spawned function's result becomes on the caller's side. */
export type Spawned<R> = Greenlet<Cloned<Awaited<R>>>;

/** What `spawnWith` may be told. */
export interface SpawnOptions {
	/** For messages and `getCurrent()`; default the task's name. */
	name?: string;
	/** Start this many milliseconds later; default 0. With `Infinity` it never starts, and can only be killed. */
	delay?: number;
	/** Do not keep the process alive for it; default false. */
	unref?: boolean;
	/**
	 * Milliseconds it may take from the moment it begins to run, the wait for a thread not counted; then a `Timeout` is thrown into it
	 * at its parking point. Default: no limit.
	 */
	timeout?: number;
	/** Milliseconds it has to end by itself after that `Timeout`, before its thread is terminated as by `kill`; default 5,000. */
	grace?: number;
}

let importing = 0;

/** Runs `load` while marking this thread as importing a module on behalf of a greenlet. */
export async function whileImporting<T>(load: () => Promise<T>): Promise<T> {
	importing++;
	try {
		return await load();
	} finally {
		importing--;
	}
}

/**
 * Starts `fn(...args)` in a greenlet of its own and returns at once; does not switch (gevent's `spawn`).
 * @param fn a function registered with `task` or `tasks`
 * @param args sent by structured clone; Buffers, URLs, errors, sockets, listeners and greenlets keep their class
 * @throws NotSpawnableError `ERR_NOT_SPAWNABLE` for a function that is not registered, an argument that cannot be sent
 *   (the message has its path), or a call while a thread is still importing a module: guard it with `isMain(import.meta)`
 * @example
 * import { isMain, spawn, task } from 'tsgevent';
 * import assert from 'node:assert/strict';
 *
 * const add = task(import.meta, function add(a, b) {
 * 	return a + b;
 * });
 *
 * if (isMain(import.meta)) assert.equal(spawn(add, 1, 2).get(), 3);
 */
export function spawn<A extends unknown[], R>(fn: (...args: A) => R, ...args: A): Spawned<R> {
	return start({}, fn, args);
}

/**
 * `spawn` with options. With a `timeout` the greenlet is ended as `kill` would end it, with a `Timeout`: its `finally` blocks run, and
 * `get()` throws the `Timeout` that it did not catch.
 * @throws NotSpawnableError `ERR_NOT_SPAWNABLE` as `spawn` does
 * @throws TypeError `ERR_INVALID_ARG_TYPE`, RangeError `ERR_OUT_OF_RANGE` for a bad duration
 * @example
 * import { isMain, sleep, spawnWith, task, Timeout } from 'tsgevent';
 * import assert from 'node:assert/strict';
 *
 * const work = task(import.meta, function work(ms) {
 * 	sleep(ms);
 * 	return 'done';
 * });
 *
 * if (isMain(import.meta)) {
 * 	assert.equal(spawnWith({ name: 'worker 1', timeout: 60_000 }, work, 1).get(), 'done');
 * 	assert.throws(() => spawnWith({ timeout: 10 }, work, 60_000).get(), Timeout);
 * }
 */
export function spawnWith<A extends unknown[], R>(options: SpawnOptions, fn: (...args: A) => R, ...args: A): Spawned<R> {
	return start(options, fn, args);
}

/**
 * `spawn` in `delay` milliseconds (gevent's `spawn_later`, which takes seconds).
 * @example
 * import { isMain, spawnLater, task } from 'tsgevent';
 * import assert from 'node:assert/strict';
 *
 * const late = task(import.meta, function late() {
 * 	return 'late';
 * });
 *
 * if (isMain(import.meta)) assert.equal(spawnLater(5, late).get(), 'late');
 */
export function spawnLater<A extends unknown[], R>(delay: number, fn: (...args: A) => R, ...args: A): Spawned<R> {
	return start({ delay }, fn, args);
}

function start<A extends unknown[], R>(options: SpawnOptions, fn: (...args: A) => R, args: A): Spawned<R> {
	const { url, task } = taskName(fn);
	if (importing > 0) {
		throw new NotSpawnableError(
			`Cannot spawn ${task} while this thread imports a module: every thread imports it, so each of them would spawn again. Put the call behind if (isMain(import.meta))`,
		);
	}
	const name = options.name ?? task;
	const delay = duration(options.delay ?? 0, 'delay');
	const delayMs = delay < 0 ? Number.MAX_SAFE_INTEGER : delay;
	const limitMs = duration(options.timeout, 'timeout');
	const graceMs = duration(options.grace ?? GRACE_MS, 'grace');
	const id = engineFor('spawn').spawn({ url, task, name, delayMs, unref: options.unref === true, limitMs, graceMs }, args);
	return Greenlet.spawned(id, name);
}
