import { threadId } from 'node:worker_threads';
import { engineFor } from '../engine/engine.js';
import { InternalError } from '../errors.js';
import { FunctionRef } from './proxy-messages.js';

/**
 * Who asks the hub: the greenlet, by its id; or, while the preloads of this thread run, the thread itself. Threads boot side by side,
 * and the hub knows none of them as the owner of what it asks.
 */
export function callerId(): number {
	const greenlet = engineFor('wrapSync').currentId();
	return greenlet > 0 ? greenlet : -threadId;
}

/**
 * The functions that the greenlet of this thread has given away, by the numbers they are called by. A function is kept until the
 * hub says that nobody has it any more, or the greenlet has ended.
 */
class GivenFunctions {
	/** Never used twice on a thread. */
	#next = 1;
	#numbers = new WeakMap<object, number>();
	readonly #functions = new Map<number, (...args: unknown[]) => unknown>();

	/** What travels in place of a function; everything else is left to the codec. */
	readonly standIn = (value: object): FunctionRef | undefined => {
		if (typeof value !== 'function') return undefined;
		engineFor('wrapSync').afterEnd.add(this.#clear);
		const number = this.#numbers.get(value) ?? this.#next++;
		this.#numbers.set(value, number);
		this.#functions.set(number, value as (...args: unknown[]) => unknown);
		return new FunctionRef(callerId(), number);
	};

	call(number: number, args: readonly unknown[]): unknown {
		const fn = this.#functions.get(number);
		if (!fn) throw new InternalError(`The hub asked for function ${number}, which this greenlet has not given away`);
		return fn(...args);
	}

	drop(numbers: readonly number[]): void {
		for (const number of numbers) {
			const dropped = this.#functions.get(number);
			this.#functions.delete(number);
			if (dropped) this.#numbers.delete(dropped);
		}
	}

	/** The greenlet has ended: what it gave away cannot be called any more. */
	readonly #clear = (): void => {
		this.#functions.clear();
		this.#numbers = new WeakMap();
	};
}

/** Of this thread. */
export const given = new GivenFunctions();
