import { TIMEOUT_CANCEL, TIMEOUT_START } from '../engine/core-operations.js';
import { duration } from '../engine/duration.js';
import { engineFor } from '../engine/engine.js';
import { registerErrorClass } from '../engine/error-codec.js';
import { registerHandle } from '../engine/threads/codec.js';
import { GreenError, WrongThreadError } from '../errors.js';

/** A timeout that runs: the greenlet it is thrown into, and its number on the hub. */
interface Running {
	readonly timeout: Timeout;
	readonly greenlet: number;
}

const running = new Map<number, Running>();
// Not a private member: a timeout that came from another greenlet was made without the constructor.
const numbers = new WeakMap<Timeout, number>();
let next = 1;

/** Nobody is left for them to be thrown into; the hub has dropped its timers as well. */
function dropOf(greenlet: number): void {
	for (const [id, { timeout, greenlet: owner }] of running) {
		if (owner !== greenlet) continue;
		running.delete(id);
		numbers.delete(timeout);
	}
}

/**
 * An exception thrown into the greenlet that started it, at its parking point, when its time is up (gevent's `Timeout`).
 *
 * It cannot interrupt JavaScript that computes, or a native synchronous call: it is delivered at the next blocking call.
 * It is control flow: match it by identity, and rethrow one that is not yours (`isControlFlow` helps a broad `catch`).
 * @example
 * import { sleep, Timeout } from 'tsgevent';
 * import assert from 'node:assert/strict';
 *
 * const timeout = Timeout.startNew(10);
 * try {
 * 	sleep(10_000);
 * 	assert.fail('not reached');
 * } catch (error) {
 * 	assert.equal(error, timeout);
 * } finally {
 * 	timeout.close();
 * }
 */
export class Timeout extends GreenError {
	/** Milliseconds it was made with; -1 when it never fires. */
	readonly ms: number;

	/** @param ms milliseconds; `undefined` or `Infinity`: never fires */
	constructor(ms?: number) {
		const checked = duration(ms, 'ms');
		super('ERR_TIMEOUT', checked < 0 ? 'Timeout without a limit' : `Timed out after ${checked} ms`);
		this.ms = checked;
	}

	/** Makes a timeout and starts it. */
	static startNew(ms?: number): Timeout {
		const timeout = new Timeout(ms);
		timeout.start();
		return timeout;
	}

	/** Whether it is running. */
	get pending(): boolean {
		return numbers.has(this);
	}

	/**
	 * Starts it, for the greenlet that runs now, with which it ends; the time is the hub's. Does not switch.
	 * @throws WrongThreadError `ERR_WRONG_THREAD` in a callback that has outlived its greenlet
	 */
	start(): void {
		if (this.ms < 0 || numbers.has(this)) return;
		const engine = engineFor('Timeout.start');
		const greenlet = engine.currentId();
		if (greenlet === 0) throw new WrongThreadError('Timeout.start', 'the greenlet that started this callback has ended');
		engine.afterEnd.add(dropOf);
		const id = next++;
		numbers.set(this, id);
		running.set(id, { timeout: this, greenlet });
		engine.post(TIMEOUT_START, id, this.ms);
	}

	/** Stops it: from here on it will not be thrown. Does not switch. */
	close(): void {
		const id = numbers.get(this);
		if (id === undefined) return;
		engineFor('Timeout.close').post(TIMEOUT_CANCEL, id);
		this.#forget(id);
	}

	[Symbol.dispose](): void {
		this.close();
	}

	#forget(id: number): void {
		running.delete(id);
		numbers.delete(this);
	}

	/** The timeout of this thread that the hub means, no longer pending; a new one for the limit of `spawnWith`, which nobody here has started. */
	static fired(id: number, ms: number): Timeout {
		const timeout = running.get(id)?.timeout ?? new Timeout(ms);
		timeout.#forget(id);
		return timeout;
	}
}

// The hub names a timeout by number; in the thread that started it this is the very object, so identity holds.
// A timeout never travels this way from here: to anybody else it is an error like others, of this class.
registerErrorClass(Timeout);
registerHandle<Timeout>({
	tag: 'Timeout',
	is: (_value): _value is Timeout => false,
	encode: () => ({ handle: 0 }),
	decode: (_handle, data) => Timeout.fired(...(data as [id: number, ms: number])),
});

/** What `withTimeout` may be told. */
export interface WithTimeoutOptions<V> {
	/** What to return when the time is up; without it the `Timeout` is thrown. */
	value?: V;
}

/**
 * Runs `fn` and ends it at its parking point after `ms` milliseconds (gevent's `with_timeout`).
 * @param ms milliseconds
 * @returns what `fn` returns, or `options.value` when the time was up
 * @throws Timeout `ERR_TIMEOUT` when the time was up and no value is given
 * @example
 * import { sleep, withTimeout } from 'tsgevent';
 * import assert from 'node:assert/strict';
 *
 * assert.equal(withTimeout(5, () => sleep(10_000), { value: 'too slow' }), 'too slow');
 */
export function withTimeout<T, V = never>(ms: number, fn: () => T, options?: WithTimeoutOptions<V>): T | V {
	const timeout = Timeout.startNew(ms);
	try {
		return fn();
	} catch (error) {
		if (error === timeout && options && 'value' in options) return options.value as V;
		throw error;
	} finally {
		timeout.close();
	}
}
