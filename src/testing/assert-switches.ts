import { AssertionError } from 'node:assert';
import { engineFor } from '../engine/engine.js';

/**
 * Runs `fn` and asserts how often it parked this greenlet: proves that a call yields, or that it does not
 * (gevent's `gevent.testing.switching`).
 * @param expected how many blocking calls `fn` has to make
 * @param fn runs in the current greenlet; must not be async
 * @returns what `fn` returns
 * @throws AssertionError `ERR_ASSERTION` when it was another number; whatever `fn` throws
 * @example
 * import { sleep } from 'tsgevent';
 * import { assertSwitches } from 'tsgevent/testing';
 *
 * assertSwitches(2, () => {
 * 	sleep(0);
 * 	sleep(1);
 * });
 * assertSwitches(0, () => JSON.parse('{}'));
 */
export function assertSwitches<T>(expected: number, fn: () => T): T {
	const engine = engineFor('assertSwitches');
	const { beforePark } = engine;
	let actual = 0;
	engine.beforePark = () => {
		actual++;
		beforePark?.();
	};
	let result: T;
	try {
		result = fn();
	} finally {
		engine.beforePark = beforePark;
	}
	if (actual !== expected) {
		const message = `Expected the greenlet to park ${expected} times, and it parked ${actual} times`;
		throw new AssertionError({ message, actual, expected, operator: 'assertSwitches', stackStartFn: assertSwitches });
	}
	return result;
}
