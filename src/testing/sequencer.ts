import { block, engineFor } from '../engine/engine.js';
import { registerHandle } from '../engine/threads/codec.js';
import { SEQUENCER_AT, SEQUENCER_DONE, SEQUENCER_OPEN } from './testing-messages.js';
import { needTestingService } from './testing-view.js';

/**
 * Scripts an interleaving across greenlets (trio's `Sequencer`): steps are numbered from 0, and each begins when the one
 * before it is done, whichever greenlets they are in. Pass it to `spawn`; its state lives on the hub.
 * @example
 * import { isMain, spawn, task } from 'tsgevent';
 * import { Sequencer } from 'tsgevent/testing';
 * import assert from 'node:assert/strict';
 *
 * const other = task(import.meta, function other(seq) {
 * 	return seq.at(1, () => Date.now());
 * });
 *
 * if (isMain(import.meta)) {
 * 	const seq = new Sequencer();
 * 	const greenlet = spawn(other, seq);
 * 	const first = seq.at(0, () => Date.now());
 * 	const third = seq.at(2, () => Date.now());
 * 	const second = greenlet.get();
 * 	assert.ok(first <= second && second <= third);
 * }
 */
export class Sequencer {
	readonly #handle: number;

	/** Asks the hub; parks. */
	constructor(handle?: number) {
		if (handle === undefined) needTestingService();
		this.#handle = handle ?? block(SEQUENCER_OPEN);
	}

	/** Its handle on the hub; for this package. */
	static handleOf(sequencer: Sequencer): number {
		return sequencer.#handle;
	}

	/**
	 * Parks until step `step - 1` is done, runs `fn`, and by that has done step `step`.
	 * @param step 0 or more; each step is taken by one greenlet, once
	 * @param fn what the step consists of; default: nothing, the step is done when it is reached
	 * @returns what `fn` returns
	 * @throws RangeError when the step has been taken already; whatever `fn` throws, and then the step is done too
	 */
	at(step: number): void;
	at<T>(step: number, fn: () => T): T;
	at<T>(step: number, fn?: () => T): T | undefined {
		block(SEQUENCER_AT, this.#handle, step);
		try {
			return fn?.();
		} finally {
			engineFor('Sequencer.at').post(SEQUENCER_DONE, this.#handle, step);
		}
	}
}

registerHandle<Sequencer>({
	tag: 'Sequencer',
	module: import.meta.url,
	is: (value): value is Sequencer => value instanceof Sequencer,
	encode: (sequencer) => ({ handle: Sequencer.handleOf(sequencer) }),
	decode: (handle) => new Sequencer(handle),
});
