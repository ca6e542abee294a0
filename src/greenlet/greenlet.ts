import { FORGET, GET, JOIN, KILL, STATUS, UNREF } from '../engine/core-operations.js';
import { duration } from '../engine/duration.js';
import { block, engineFor, runningEngine } from '../engine/engine.js';
import { registerHandle } from '../engine/threads/codec.js';
import { GreenletExit } from '../errors.js';
import type { HANDLE } from './cloned.js';

/** What `Greenlet.get` may be told. */
export interface GetOptions {
	/** Wait for the end; default true. With false a greenlet that is still running throws `ETIMEDOUT` at once. */
	block?: boolean;
	/** Milliseconds to wait at most; default: no limit. */
	timeout?: number;
}

/** What `Greenlet.join` may be told. */
export interface JoinOptions {
	/** Milliseconds to wait at most; default: no limit. */
	timeout?: number;
}

/** What `Greenlet.kill` and `killAll` may be told. */
export interface KillOptions {
	/** What to throw at the greenlet's parking point; default a `GreenletExit`. */
	error?: Error;
	/** Wait until it is dead; default true. */
	block?: boolean;
	/** Milliseconds to wait for that at most; default: no limit. */
	timeout?: number;
	/** Milliseconds the greenlet has to end by itself before its thread is terminated; default 5,000. */
	grace?: number;
}

/** What a greenlet that ignores its `GreenletExit` is given before its thread is terminated, in milliseconds. */
export const GRACE_MS = 5_000;

// Results live on the hub until nobody can ask for them any more.
const unreferenced = new FinalizationRegistry<number>((id) => runningEngine()?.post(FORGET, id));

/**
 * One line of blocking-style execution (gevent's `Greenlet`). This object is a reference: the greenlet itself runs in
 * a thread of the pool and its state lives on the hub, so most of its methods ask the hub and park for the answer.
 * It can be passed to other greenlets. Made by `spawn`, `spawnWith` and `spawnLater`.
 * @example
 * import { isMain, spawn, task } from 'tsgevent';
 * import assert from 'node:assert/strict';
 *
 * const greet = task(import.meta, function greet(who) {
 * 	return `hello ${who}`;
 * });
 *
 * if (isMain(import.meta)) {
 * 	const greenlet = spawn(greet, 'world');
 * 	assert.equal(greenlet.get(), 'hello world');
 * 	assert.equal(greenlet.successful(), true);
 * }
 */
export class Greenlet<T> {
	declare readonly [HANDLE]: true;
	/** Unique in the process. */
	readonly id: number;
	/** The name given to `spawnWith`, else that of the task. */
	readonly name: string;

	private constructor(id: number, name: string) {
		this.id = id;
		this.name = name;
	}

	/** The reference to a greenlet by its id; for this package. */
	static of<T>(id: number, name: string): Greenlet<T> {
		return new Greenlet<T>(id, name);
	}

	/** The same, for a greenlet just spawned: its result is forgotten when this reference is collected and was never sent on. */
	static spawned<T>(id: number, name: string): Greenlet<T> {
		const greenlet = new Greenlet<T>(id, name);
		unreferenced.register(greenlet, id, greenlet);
		return greenlet;
	}

	/**
	 * Waits for the end and returns the value, or throws what the greenlet threw: with its own stack, class and code,
	 * followed by the stack of the caller. A killed greenlet gives its `GreenletExit` as value. Parks.
	 * @throws TimedOutError `ETIMEDOUT` when the time is up first
	 * @throws GreenletLostError `ERR_GREENLET_LOST` when its thread ended under it
	 * @throws WouldBlockForeverError `ERR_WOULD_BLOCK_FOREVER` when it can never end
	 */
	get(options: GetOptions = {}): T {
		return block(GET, this.id, options.block === false ? 0 : 1, duration(options.timeout, 'timeout')) as T;
	}

	/** Waits for the end, whatever it is; false when the time was up first. Parks. */
	join(options: JoinOptions = {}): boolean {
		return block(JOIN, [this.id], 1, duration(options.timeout, 'timeout')).length > 0;
	}

	/**
	 * Throws a `GreenletExit`, or `error`, into the greenlet at its parking point (at once when it is parked, at its
	 * next blocking call otherwise), so that its `finally` blocks run, and waits until it is dead. One that has not ended
	 * after `grace` ms is terminated without that. One that was not started never is.
	 * @returns true when it is dead, or was not to be waited for (`block: false`); false when `timeout` ms were over first
	 * @throws KillPendingError `ERR_KILL_PENDING` when it sits in a native synchronous call that nothing can end
	 */
	kill(options: KillOptions = {}): boolean {
		return killAll([this], options);
	}

	/** Whether it has ended. Asks the hub. */
	ready(): boolean {
		const status = block(STATUS, this.id);
		return status !== 'queued' && status !== 'running';
	}

	/** Whether it has ended without an error; being killed is no error. Asks the hub. */
	successful(): boolean {
		return block(STATUS, this.id) === 'value';
	}

	/** The value, or `undefined` while it runs or when it failed. Asks the hub. */
	get value(): T | undefined {
		return this.successful() ? this.get() : undefined;
	}

	/** The error it ended with, or `undefined`. Asks the hub. */
	get error(): unknown {
		if (block(STATUS, this.id) !== 'error') return undefined;
		try {
			this.get();
		} catch (error) {
			return error;
		}
		return undefined;
	}

	/** Lets the process end without waiting for this greenlet. Does not switch. */
	unref(): this {
		engineFor('Greenlet.unref').post(UNREF, this.id, true);
		return this;
	}

	/** Undoes `unref`. Does not switch. */
	ref(): this {
		const engine = engineFor('Greenlet.ref');
		engine.post(UNREF, this.id, false);
		engine.keepAlive();
		return this;
	}

	/** A promise of what `get()` returns, for code that must not park; `awaitSync` can wait for it all the same. */
	promise(): Promise<T> {
		const promise = engineFor('Greenlet.promise').callAsync(GET, this.id, 1, -1) as Promise<T>;
		promised.set(promise, this);
		return promise;
	}

	toString(): string {
		return `Greenlet ${this.id}${this.name ? ` (${this.name})` : ''}`;
	}
}

const promised = new WeakMap<Promise<unknown>, Greenlet<unknown>>();

/** The greenlet whose `promise()` this is; undefined when it is another promise. */
export function greenletOf(promise: Promise<unknown>): Greenlet<unknown> | undefined {
	return promised.get(promise);
}

registerHandle<Greenlet<unknown>>({
	tag: 'Greenlet',
	is: (value): value is Greenlet<unknown> => value instanceof Greenlet,
	encode: (greenlet) => {
		unreferenced.unregister(greenlet); // whoever gets the copy may ask for the result after this one is gone
		return { handle: -greenlet.id, data: [greenlet.id, greenlet.name] };
	},
	decode: (_handle, data) => Greenlet.of(...(data as [number, string])),
});

/**
 * Kills several greenlets at once and waits until all are dead (gevent's `killall`).
 * @returns true when all are dead, or were not to be waited for (`block: false`); false when `timeout` ms were over first
 * @throws KillPendingError `ERR_KILL_PENDING` as `Greenlet.kill` does
 * @example
 * import { isMain, killAll, sleep, spawn, task } from 'tsgevent';
 * import assert from 'node:assert/strict';
 *
 * const forever = task(import.meta, function forever() {
 * 	sleep(Infinity);
 * });
 *
 * if (isMain(import.meta)) assert.equal(killAll([spawn(forever), spawn(forever)]), true);
 */
export function killAll(greenlets: Iterable<Greenlet<unknown>>, options: KillOptions = {}): boolean {
	const ids = Array.from(greenlets, (greenlet) => greenlet.id);
	const grace = duration(options.grace ?? GRACE_MS, 'grace');
	return block(KILL, ids, options.error ?? new GreenletExit(), options.block !== false, duration(options.timeout, 'timeout'), grace);
}

/** What `joinAll` may be told. */
export interface JoinAllOptions extends JoinOptions {
	/** How many have to end; default all. */
	count?: number;
	/** Throw the error of the first one that failed; default false. */
	raiseError?: boolean;
}

/**
 * Waits until all greenlets have ended, or `count` of them, or the time is up (gevent's `joinall`). Parks.
 * @returns those that have ended, in the order given
 * @throws what the first failed greenlet threw, with `raiseError`
 * @example
 * import { isMain, joinAll, sleep, spawn, task } from 'tsgevent';
 * import assert from 'node:assert/strict';
 *
 * const nap = task(import.meta, function nap(ms) {
 * 	sleep(ms);
 * });
 *
 * if (isMain(import.meta)) {
 * 	const naps = [1, 2, 3].map((ms) => spawn(nap, ms));
 * 	assert.equal(joinAll(naps, { raiseError: true }).length, 3);
 * }
 */
export function joinAll<T>(greenlets: Iterable<Greenlet<T>>, options: JoinAllOptions = {}): Greenlet<T>[] {
	const all = [...greenlets];
	const count = Math.min(options.count ?? all.length, all.length);
	const ended = new Set(
		block(
			JOIN,
			all.map((greenlet) => greenlet.id),
			count,
			duration(options.timeout, 'timeout'),
		),
	);
	const done = all.filter((greenlet) => ended.has(greenlet.id));
	if (options.raiseError) for (const greenlet of done) greenlet.get();
	return done;
}
