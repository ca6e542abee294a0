import { SLEEP } from '../engine/core-operations.js';
import { duration } from '../engine/duration.js';
import { block } from '../engine/engine.js';

/**
 * Parks the current greenlet for `ms` milliseconds while all others go on (gevent's `sleep`, which takes seconds).
 * `sleep(0)`, the default, only lets those go first that are ready.
 * @param ms milliseconds; `undefined` means 0; `Infinity` sleeps until somebody kills the greenlet
 * @throws TypeError `ERR_INVALID_ARG_TYPE`, RangeError `ERR_OUT_OF_RANGE` for a bad duration
 * @throws BlockingHubError `ERR_BLOCKING_HUB` on the hub
 * @example
 * import { sleep } from 'tsgevent';
 *
 * sleep(5);
 */
export function sleep(ms = 0): void {
	const checked = duration(ms, 'ms');
	block(SLEEP, checked < 0 ? Number.MAX_SAFE_INTEGER : checked);
}
