import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { configure, GreenletExit, isControlFlow, sleep, spawn, Timeout, withTimeout } from '../../src/index.js';
import { useMockClock } from '../../src/testing/index.js';
import { nap } from '../fixtures/engine-tasks.js';
import { thrown } from '../support/thrown.js';

configure({ allowMainCallbacks: true });
useMockClock();

describe('Timeout', () => {
	test('is thrown at the parking point, as the very object', () => {
		const timeout = Timeout.startNew(1000);
		assert.equal(timeout.pending, true);
		assert.equal(
			thrown(() => sleep(5000)),
			timeout,
		);
		assert.deepEqual([timeout.pending, timeout.code, timeout.message], [false, 'ERR_TIMEOUT', 'Timed out after 1000 ms']);
	});

	test('is not thrown once it is closed', () => {
		const timeout = Timeout.startNew(1000);
		timeout.close();
		timeout.close();
		sleep(5000);
		assert.equal(timeout.pending, false);
	});

	test('that fires while nobody is parked is taken back by close()', () => {
		const timeout = Timeout.startNew(0);
		for (const until = performance.now() + 20; performance.now() < until; );
		timeout.close();
		sleep(1);
	});

	test('closes with its scope', () => {
		{
			using timeout = Timeout.startNew(1000);
			assert.equal(timeout.pending, true);
		}
		sleep(5000);
	});

	test('may be started again', () => {
		const timeout = new Timeout(10);
		for (let i = 0; i < 2; i++) {
			timeout.start();
			timeout.start();
			assert.equal(
				thrown(() => sleep(1000)),
				timeout,
			);
		}
		sleep(1000);
	});

	test('without a limit never fires', () => {
		for (const ms of [undefined, Number.POSITIVE_INFINITY]) {
			const timeout = Timeout.startNew(ms);
			assert.deepEqual([timeout.pending, timeout.message], [false, 'Timeout without a limit']);
		}
	});

	test('nests: the shorter one wins, wherever it is', () => {
		const outer = Timeout.startNew(1000);
		const inner = Timeout.startNew(10);
		assert.equal(
			thrown(() => sleep(5000)),
			inner,
		);
		assert.equal(
			thrown(() => sleep(5000)),
			outer,
		);
	});

	test('refuses bad durations', () => {
		assert.equal(thrown(() => new Timeout(-1)).code, 'ERR_OUT_OF_RANGE');
		assert.equal(thrown(() => new Timeout('1' as unknown as number)).code, 'ERR_INVALID_ARG_TYPE');
	});
});

describe('withTimeout()', () => {
	test('returns what the function returns in time', () => {
		assert.equal(
			withTimeout(1000, () => spawn(nap, 10).get()),
			10,
		);
	});

	test('throws, or returns the value given, when the time is up', () => {
		assert.equal(thrown(() => withTimeout(5, () => sleep(1000))).code, 'ERR_TIMEOUT');
		assert.equal(
			withTimeout(5, () => sleep(1000), { value: undefined }),
			undefined,
		);
	});

	test('lets the timeouts of others pass', () => {
		const outer = Timeout.startNew(5);
		assert.equal(
			thrown(() => withTimeout(1000, () => sleep(5000), { value: 'inner' })),
			outer,
		);
	});
});

test('isControlFlow() tells kills and timeouts from errors', () => {
	assert.deepEqual([new GreenletExit(), new Timeout(1), new Error('x'), null, undefined, 'ERR_TIMEOUT'].map(isControlFlow), [
		true,
		true,
		false,
		false,
		false,
		false,
	]);
});
