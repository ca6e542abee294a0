import { inspect } from 'node:util';
import { type Context, createContext, runInContext, Script } from 'node:vm';

/** What has become of a promise. */
export type Outcome = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly error: unknown };

type Tell = (outcome: Outcome) => void;
/** Adds the two handlers to a promise. */
type Listen = (then: typeof Promise.prototype.then, promise: Promise<unknown>, tell: Tell) => void;

const LISTEN = `(then, promise, tell) => {
	then.call(promise, (value) => tell({ ok: true, value }), (error) => tell({ ok: false, error }));
}`;
const { then } = Promise.prototype;

let room: { readonly context: Context; readonly listen: Listen; readonly nothing: Script } | undefined;

/**
 * What a promise has settled to, or undefined while it is pending. Nothing of the program's runs: neither its ticks nor its microtasks.
 *
 * Handlers belong to the microtask queue of the context they were made in. Those here are made in a context with a queue of its own
 * (`microtaskMode: 'afterEvaluate'`), which Node empties whenever something has been evaluated in it, be it in the middle of another
 * microtask. `process._tickCallback`, the other way, runs foreign code in the middle of the caller's, and inside an async function, or
 * in an ES module under evaluation, leaves out the microtasks: the same line would work in one place and not in another.
 */
export function outcomeOf(promise: Promise<unknown>): Outcome | undefined {
	// A pending promise must not get handlers: if it is rejected one day, nobody would hear of it.
	if (isPending(promise)) return undefined;
	room ??= makeRoom();
	let outcome: Outcome | undefined;
	room.listen(then, promise, (told) => {
		outcome = told;
	});
	room.nothing.runInContext(room.context);
	return outcome;
}

function makeRoom(): NonNullable<typeof room> {
	const context = createContext({}, { microtaskMode: 'afterEvaluate' });
	return { context, listen: runInContext(LISTEN, context) as Listen, nothing: new Script('0') };
}

function isPending(promise: Promise<unknown>): boolean {
	return /^[^{]*\{\s*<pending>/.test(inspect(promise, { depth: 0, customInspect: false, colors: false, showHidden: false }));
}
