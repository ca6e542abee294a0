import { types } from 'node:util';
import { runningEngine } from '../engine/engine.js';
import { appendFrames, callerFrames, rehome } from '../engine/error-codec.js';
import { PendingPromiseError } from '../errors.js';
import { greenletOf } from './greenlet.js';
import { type Outcome, outcomeOf } from './settled-promise.js';

/**
 * The value of a promise, for code that cannot `await`: parks for it where it can make progress, else throws at once.
 *
 * On threads a promise of this thread's own event loop stands still while the thread is parked. So there are two that it can wait for:
 * that of `greenlet.promise()`, which is waited for as `greenlet.get()` does, and one that has settled already, such as the result of
 * an async function that has had nothing to wait for. No tick and no microtask runs meanwhile. On an engine whose greenlets share
 * their event loop (fibers) it parks for any promise.
 * @param value a promise; a thenable is asked for its value as `await` asks, and has to tell it at once; anything else is returned as it is
 * @returns what `await value` would give
 * @throws what the promise was rejected with, if that is an error with the caller's stack behind its own
 * @throws PendingPromiseError `ERR_PENDING_PROMISE` when nothing could settle it while this thread waits
 * @throws BlockingHubError `ERR_BLOCKING_HUB`, WrongThreadError `ERR_WRONG_THREAD` for a greenlet's promise where nothing may park
 * @example
 * import { awaitSync, isMain, spawn, task } from 'tsgevent';
 * import assert from 'node:assert/strict';
 *
 * const later = task(import.meta, async function later(ms) {
 * 	await new Promise((resolve) => setTimeout(resolve, ms));
 * 	return 'settled';
 * });
 *
 * if (isMain(import.meta)) {
 * 	assert.equal(awaitSync(spawn(later, 5).promise()), 'settled');
 * 	assert.equal(awaitSync(Promise.resolve(5)), 5);
 * 	assert.throws(() => awaitSync(later(5)), { code: 'ERR_PENDING_PROMISE' });
 * }
 */
export function awaitSync<T>(value: T): Awaited<T> {
	const engine = runningEngine();
	if (engine?.awaitPromise && isThenable(value)) return engine.awaitPromise(value) as Awaited<T>;
	const outcome = settle(value);
	if (outcome?.ok) return outcome.value as Awaited<T>;
	const frames = callerFrames(awaitSync);
	if (!outcome) throw rehome(new PendingPromiseError(), frames);
	throw withFrames(outcome.error, frames);
}

/** The app's own object, unlike errors that come from elsewhere: its stack may be anything. */
function withFrames(error: unknown, frames: string): unknown {
	try {
		// Not again and again for one that many wait for.
		return error instanceof Error && String(error.stack).endsWith(frames) ? error : appendFrames(error, frames);
	} catch {
		// Frozen, or its stack is no text that can be set: it is thrown as it is.
		return error;
	}
}

/** Undefined for what cannot be waited for. */
function settle(value: unknown): Outcome | undefined {
	if (!isThenable(value)) return { ok: true, value };
	// A class of promises with a `then` of its own means it to be called.
	if (types.isPromise(value) && !(value instanceof Promise && value.then !== Promise.prototype.then)) return settlePromise(value);
	return settleThenable(value);
}

function settlePromise(promise: Promise<unknown>): Outcome | undefined {
	const outcome = outcomeOf(promise);
	if (outcome) return outcome;
	const greenlet = greenletOf(promise);
	if (!greenlet) return undefined;
	// Whoever waits here hears of the rejection by get(); the promise hears of it once more when this thread's loop goes on.
	void promise.then(undefined, () => undefined);
	return { ok: true, value: greenlet.get() };
}

function settleThenable(thenable: PromiseLike<unknown>): Outcome | undefined {
	let first: Outcome | undefined;
	let refused = false;
	const tell = (outcome: Outcome) => {
		first ??= outcome;
		// Too late for whoever asked: nobody else will handle it.
		if (refused && first === outcome && !outcome.ok) void Promise.reject(outcome.error);
	};
	try {
		thenable.then(
			(value) => tell({ ok: true, value }),
			(error: unknown) => tell({ ok: false, error }),
		);
	} catch (error) {
		tell({ ok: false, error });
	}
	refused = !first;
	return first?.ok ? settle(first.value) : first;
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
	return (
		((typeof value === 'object' && value !== null) || typeof value === 'function') &&
		typeof (value as { then?: unknown }).then === 'function'
	);
}
