import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { configure, sleep, spawn, TimedOutError, withTimeout } from '../../src/index.js';
import { MockClock, useMockClock, waitUntilIdle } from '../../src/testing/index.js';
import { identity, nap, stubborn } from '../fixtures/engine-tasks.js';

const DAY = 86_400_000;

configure({ allowMainCallbacks: true });
const time = useMockClock();

describe('MockClock', () => {
	test('goes off in order of time, then of setting, each at its own moment', () => {
		const clock = new MockClock();
		const rung: string[] = [];
		for (const [name, delay] of Object.entries({ late: 20, first: 10, second: 10, now: 0 })) {
			clock.schedule(delay, () => rung.push(`${name} ${clock.now()}`));
		}
		clock.advance(15);
		assert.deepEqual([rung, clock.now()], [['now 0', 'first 10', 'second 10'], 15]);
		assert.deepEqual([clock.jump(), clock.jump(), clock.now()], [true, false, 20]);
	});

	test('lets alarms set and cancel alarms', () => {
		const clock = new MockClock();
		const rung: number[] = [];
		const never = clock.schedule(5, () => rung.push(-1));
		clock.schedule(5, () => assert.fail('cancelled before its time')).cancel();
		clock.schedule(1, () => {
			never.cancel();
			clock.schedule(1, () => rung.push(clock.now()));
		});
		clock.advance(10);
		assert.deepEqual(rung, [2]);
	});
});

describe('useMockClock()', () => {
	test('has a day of sleep pass at once', () => {
		const before = time.now();
		sleep(DAY);
		assert.equal(time.now() - before, DAY);
	});

	test('wakes greenlets in the order of their deadlines', () => {
		const before = time.now();
		const naps = [3, 1, 2].map((days) => spawn(nap, days * DAY));
		assert.deepEqual(
			naps.map((greenlet) => greenlet.get()),
			[3 * DAY, DAY, 2 * DAY],
		);
		assert.equal(time.now() - before, 3 * DAY);
	});

	test('decides between timeouts and sleeps by their lengths', () => {
		assert.equal(
			withTimeout(DAY, () => sleep(2 * DAY), { value: 'timed out' }),
			'timed out',
		);
		assert.equal(
			withTimeout(2 * DAY, () => sleep(DAY), { value: 'timed out' }),
			undefined,
		);
		const sleeper = spawn(nap, 2 * DAY);
		assert.throws(() => sleeper.get({ timeout: DAY }), TimedOutError);
		assert.equal(sleeper.get(), 2 * DAY);
	});

	test('stands still while somebody runs, and for sleep(0)', () => {
		const before = time.now();
		const sleeper = spawn(nap, DAY);
		assert.equal(spawn(identity, 'x').get(), 'x');
		for (let i = 0; i < 20; i++) sleep(0);
		assert.equal(time.now(), before);
		assert.equal(sleeper.kill(), true);
	});

	test('leaves a thread that was terminated its time to end, which is real', () => {
		for (let round = 0; round < 5; round++) {
			const greenlet = spawn(stubborn);
			waitUntilIdle();
			assert.equal(greenlet.kill({ grace: DAY }), true);
			assert.throws(() => greenlet.get(), { code: 'ERR_GREENLET_LOST', message: /did not end within 86400000 ms$/ });
		}
	});

	test('advances by hand as well', () => {
		const before = time.now();
		const sleeper = spawn(nap, DAY);
		assert.equal(time.advance(5), before + 5);
		sleeper.kill();
	});
});
