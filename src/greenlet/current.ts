import { runningEngine } from '../engine/engine.js';
import { Greenlet } from './greenlet.js';

let name = '';

/** Tells this thread the name of the greenlet it runs now. */
export function setCurrentName(current: string): void {
	name = current;
}

/**
 * The greenlet this code runs in, or `undefined` where none runs: on the hub, in a callback that outlived its
 * greenlet, or before the first blocking call of a script (gevent's `getcurrent`). Does not switch.
 * @example
 * import { getCurrent, sleep } from 'tsgevent';
 * import assert from 'node:assert/strict';
 *
 * sleep(1);
 * assert.equal(getCurrent()?.name, 'main');
 */
export function getCurrent(): Greenlet<unknown> | undefined {
	const id = runningEngine()?.currentId() ?? 0;
	return id === 0 ? undefined : Greenlet.of(id, name);
}
