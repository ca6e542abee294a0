import { block } from '../engine/engine.js';
import { IDLE } from './testing-messages.js';
import { needTestingService } from './testing-view.js';

/**
 * Parks until every other greenlet is parked too: whatever the last step of a test has set going has gone as far as it can
 * (trio's `wait_all_tasks_blocked`). Greenlets that wait in here do not keep one another waiting.
 * @throws BlockingHubError `ERR_BLOCKING_HUB`, WrongThreadError `ERR_WRONG_THREAD` where no greenlet can park
 * @example
 * import { isMain, sleep, spawn, task } from 'tsgevent';
 * import { waitUntilIdle } from 'tsgevent/testing';
 * import assert from 'node:assert/strict';
 *
 * const hold = task(import.meta, function hold() {
 * 	sleep(Infinity);
 * });
 *
 * if (isMain(import.meta)) {
 * 	const greenlet = spawn(hold);
 * 	waitUntilIdle(); // from here on it is in its sleep
 * 	assert.equal(greenlet.kill(), true);
 * }
 */
export function waitUntilIdle(): void {
	needTestingService();
	block(IDLE);
}
