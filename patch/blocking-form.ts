import { block, canBlock } from '../src/engine/engine.js';
import { operation } from '../src/engine/operation.js';
import type { Arguments } from './callback-less.js';
import { CALLBACK_LESS } from './callback-less.js';
import type { Core, Replacements } from './registry.js';

export type Callable = (...args: never[]) => unknown;

/** Throws what a blocking call throws on this thread, naming the call. */
function refuse(caller: string): void {
	// Parking is impossible here, so this never reaches a hub: the engine, or the want of one, says why in its own words.
	block(operation<[], void>(0, caller));
}

/** A replacement with everything that is visible of the original: name, length, and own keys such as `promisify.custom`. */
export function inPlaceOf(original: Callable, answer: (self: unknown, args: never[]) => unknown): Callable {
	// A method, because it has no `prototype`: only an original that has one shall give it.
	const { patched } = {
		patched(this: unknown, ...args: never[]): unknown {
			return answer(this, args);
		},
	};
	return Object.defineProperties(patched, Object.getOwnPropertyDescriptors(original));
}

/**
 * A core function that blocks when its callback is missing, and is the original in every other case. A trailing `undefined` or
 * `null` stands where a callback was meant to be: Node's error for it is worth more than a call that silently blocks.
 * @param caller how errors name it: `fs.readFile`
 * @param blocking the form that answers; it takes the same arguments
 */
export function blockingForm(caller: string, original: Callable, blocking: Callable, [fewest, most]: Arguments): Callable {
	return inPlaceOf(original, (self, args) => {
		const last: unknown = args.at(-1);
		const callbackLess = typeof last !== 'function' && last != null && args.length >= fewest && args.length <= most;
		if (!callbackLess) return Reflect.apply(original, self, args);
		if (!canBlock()) refuse(caller);
		return blocking(...args);
	});
}

/**
 * The replacements for all functions of a module that are in the table, nested ones (`realpath.native`) excepted.
 * @param twins where the blocking forms are found, under `name + 'Sync'`
 */
export function blockingForms(module: keyof typeof CALLBACK_LESS, core: Core, twins: Core): Replacements {
	const table: Readonly<Record<string, Arguments>> = CALLBACK_LESS[module];
	const names = Object.keys(table).filter((name) => !name.includes('.'));
	return Object.fromEntries(
		names.map((name) => {
			const form = blockingForm(`${module}.${name}`, core[name] as Callable, twins[`${name}Sync`] as Callable, table[name] as Arguments);
			return [name, form];
		}),
	);
}
