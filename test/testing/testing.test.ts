import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { configure, joinAll, sleep, spawn, spawnWith } from '../../src/index.js';
import { assertSwitches, Sequencer, waitUntilIdle } from '../../src/testing/index.js';
import { add, ignoreKill, nap } from '../fixtures/engine-tasks.js';
import { everyThird, failStep, holdStep } from '../fixtures/sequence-tasks.js';

configure({ allowMainCallbacks: true });
let folder: string;

before(() => {
	folder = mkdtempSync(join(tmpdir(), 'tsgevent-testing-'));
});

after(() => {
	rmSync(folder, { recursive: true });
});

describe('Sequencer', () => {
	test('puts the steps of several threads in order', () => {
		const file = join(folder, 'order');
		const sequencer = new Sequencer();
		joinAll(
			[2, 0, 1].map((start) => spawn(everyThird, sequencer, start, file)),
			{ raiseError: true },
		);
		assert.equal(readFileSync(file, 'utf8'), '0 1 2 3 4 5 6 7 8 ');
		assert.equal(
			sequencer.at(9, () => 'last'),
			'last',
		);
	});

	test('goes on after a step that failed or was killed', () => {
		const sequencer = new Sequencer();
		const failing = spawnWith({ name: 'fails on purpose' }, failStep, sequencer, 0);
		const holding = spawn(holdStep, sequencer, 1);
		failing.join();
		waitUntilIdle();
		holding.kill();
		sequencer.at(2);
	});

	test('refuses a step that has been taken', () => {
		const sequencer = new Sequencer();
		sequencer.at(0);
		assert.throws(() => sequencer.at(0), /^RangeError: Cannot wait for step 0 of a sequence: it has been taken already$/);
	});
});

describe('waitUntilIdle()', () => {
	test('returns when all others are parked', () => {
		const greenlets = [1, 2, 3].map(() => spawn(ignoreKill));
		waitUntilIdle();
		// Parked for sure: an exception reaches each of them inside its sleep.
		for (const greenlet of greenlets) greenlet.kill();
		assert.deepEqual(
			greenlets.map((greenlet) => greenlet.get()),
			Array(3).fill('survived ERR_GREENLET_EXIT'),
		);
	});

	test('returns at once when there is nobody else', () => {
		waitUntilIdle();
	});
});

describe('assertSwitches()', () => {
	test('passes the result through when the number is right', () => {
		const greenlet = spawn(add, 1, 2);
		assert.equal(
			assertSwitches(1, () => greenlet.get()),
			3,
		);
		assertSwitches(0, () => spawn(nap, 1));
		assertSwitches(3, () => [sleep(0), assertSwitches(1, () => sleep(0)), greenlet.ready()]);
	});

	test('fails when it is not, at the caller', () => {
		assert.throws(() => assertSwitches(1, () => undefined), {
			code: 'ERR_ASSERTION',
			message: 'Expected the greenlet to park 1 times, and it parked 0 times',
			actual: 0,
			expected: 1,
		});
	});

	test('lets an error of the function pass', () => {
		assert.throws(
			() =>
				assertSwitches(1, () => {
					throw new RangeError('mine');
				}),
			RangeError,
		);
	});
});
