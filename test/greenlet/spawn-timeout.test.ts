import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { configure, type Greenlet, getCurrent, type SpawnOptions, sleep, spawn, spawnWith, Timeout, withTimeout } from '../../src/index.js';
import { useMockClock } from '../../src/testing/index.js';
import { add, awaitGreenlet, identity, ignoreKill, nap, startTimeout, stubborn, tidy, timeoutAfterEnd } from '../fixtures/engine-tasks.js';
import { thrown } from '../support/thrown.js';

const DAY = 86_400_000;
const FOREVER = Number.POSITIVE_INFINITY;

configure({ allowMainCallbacks: true, maxGreenlets: 2 });
const time = useMockClock();

describe('spawnWith({ timeout })', () => {
	test('throws a Timeout at the parking point, which get() throws on', () => {
		const before = time.now();
		const late = spawnWith({ timeout: DAY }, nap, FOREVER);
		const error = thrown<Timeout>(() => late.get());
		assert.ok(error instanceof Timeout);
		assert.deepEqual([error.name, error.code, error.ms, error.pending], ['Timeout', 'ERR_TIMEOUT', DAY, false]);
		assert.equal(error.message, `Timed out after ${DAY} ms`);
		assert.match(error.stack ?? '', /at nap .*engine-tasks\.js[\s\S]*spawn-timeout\.test\.js/);
		assert.equal(time.now() - before, DAY);
		assert.deepEqual([late.successful(), late.value], [false, undefined]);
	});

	test('leaves those alone that end in time, and no timer behind', () => {
		assert.equal(spawnWith({ timeout: DAY }, nap, 5).get(), 5);
		assert.equal(spawnWith({ timeout: FOREVER }, add, 1, 2).get(), 3);
		const before = time.now();
		sleep(1);
		assert.equal(time.now() - before, 1);
	});

	test('lets finally blocks run, which may block', () => {
		assert.equal(spawnWith({ timeout: 10 }, tidy).get(), 'tidied up');
	});

	test('is thrown once: who catches it goes on', () => {
		assert.equal(spawnWith({ timeout: 10 }, ignoreKill).get(), 'survived ERR_TIMEOUT');
	});

	test('terminates the thread of one that will not go, after the grace', () => {
		const error = thrown(() => spawnWith({ timeout: DAY, grace: 7 }, stubborn).get());
		assert.equal(error.code, 'ERR_GREENLET_LOST');
		assert.match(error.message, new RegExp(`it timed out after ${DAY} ms and did not end within 7 ms`));
		assert.match(thrown(() => spawnWith({ timeout: 1 }, stubborn).get()).message, /did not end within 5000 ms/);
	});

	test('does not count the wait for a thread, nor the delay', () => {
		const busy = [spawn(nap, 100), spawn(nap, 100)];
		const waited = spawnWith({ timeout: 50 }, nap, 40);
		assert.equal(waited.get(), 40);
		assert.deepEqual(
			busy.map((greenlet) => greenlet.get()),
			[100, 100],
		);
		assert.equal(spawnWith({ timeout: 50, delay: 1000 }, nap, 40).get(), 40);
	});

	test('leaves a shorter timeout, a kill and a greenlet that cannot end their due', () => {
		assert.equal(spawnWith({ timeout: 1000 }, startTimeout, 10).get(), 'its own');
		const killed = spawnWith({ timeout: 1000 }, nap, FOREVER);
		sleep(1);
		killed.kill();
		assert.equal((killed.get() as unknown as { code: string }).code, 'ERR_GREENLET_EXIT');
		const me = getCurrent() as Greenlet<unknown>;
		assert.equal(thrown(() => spawnWith({ timeout: 10 }, awaitGreenlet, me).get()).code, 'ERR_TIMEOUT');
	});

	for (const [options, code] of [
		[{ timeout: '5' }, 'ERR_INVALID_ARG_TYPE'],
		[{ timeout: -1 }, 'ERR_OUT_OF_RANGE'],
		[{ timeout: Number.NaN }, 'ERR_OUT_OF_RANGE'],
		[{ timeout: 5, grace: -1 }, 'ERR_OUT_OF_RANGE'],
	] as const) {
		test(`refuses ${JSON.stringify(options)} at the caller's line`, () => {
			const error = thrown(() => spawnWith(options as SpawnOptions, add, 1, 2));
			assert.equal(error.code, code);
			assert.match(error.stack ?? '', /spawn-timeout\.test\.js/);
		});
	}
});

describe('a Timeout', () => {
	test('of another greenlet arrives as one', () => {
		const error = spawn(identity, new Timeout(5)).get() as Timeout;
		assert.ok(error instanceof Timeout);
		assert.deepEqual([error.ms, error.code, error.pending], [5, 'ERR_TIMEOUT', false]);
	});

	test('that is never closed ends with its greenlet', () => {
		assert.equal(spawn(startTimeout, 1000, 'keep').get(), 'pending');
		// The warmest thread, which is the same one.
		assert.equal(spawn(startTimeout, 1000, 'look').get(), 'closed');
	});

	test('cannot be started when there is nobody it could be thrown into', () => {
		assert.deepEqual([spawn(timeoutAfterEnd).get(), spawn(timeoutAfterEnd).get()], [undefined, 'ERR_WRONG_THREAD']);
	});

	test('keeps a wait from counting as one that can never end', () => {
		const me = getCurrent() as Greenlet<unknown>;
		assert.equal(
			withTimeout(10, () => me.get(), { value: 'timed out' }),
			'timed out',
		);
	});
});
