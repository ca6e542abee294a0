import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Clock } from '../../../src/clock.js';
import { ArbiterClock } from '../../../src/server/arbiter/arbiter-clock.js';

/** A clock that a test sets; timers are only counted. */
class HandClock implements Clock {
	time = 1_000;
	running = 0;

	now(): number {
		return this.time;
	}

	schedule(_delayMs: number, _callback: () => void): { cancel(): void } {
		this.running++;
		return { cancel: () => this.running-- };
	}
}

test('ArbiterClock goes on while its timer is in time, or a little late', () => {
	const hand = new HandClock();
	const clock = new ArbiterClock(hand);
	clock.set(1_500, () => undefined);
	hand.time = 2_500;
	assert.equal(clock.catchUp(), false);
	assert.equal(clock.now(), 2_500);
});

test('ArbiterClock leaves out what its timer is late by', () => {
	const hand = new HandClock();
	const clock = new ArbiterClock(hand);
	clock.set(1_500, () => undefined);
	hand.time = 61_500;
	assert.equal(clock.catchUp(), true);
	assert.equal(clock.now(), 1_500);
	assert.equal(clock.catchUp(), false);
	hand.time += 100;
	assert.equal(clock.now(), 1_600);
});

test('ArbiterClock leaves out a pause between two looks, too', () => {
	const hand = new HandClock();
	const clock = new ArbiterClock(hand);
	clock.set(1_500, () => undefined);
	hand.time = 1_500;
	assert.equal(clock.catchUp(), false);
	hand.time = 9_500;
	assert.equal(clock.catchUp(), true);
	assert.equal(clock.now(), 1_500);
});

test('ArbiterClock leaves out a pause between a look and the timer that is set by it', () => {
	const hand = new HandClock();
	const clock = new ArbiterClock(hand);
	clock.catchUp();
	hand.time = 9_000;
	assert.equal(clock.caughtUp, 1_000);
	clock.set(clock.caughtUp + 500, () => undefined);
	assert.equal(clock.catchUp(), true);
	assert.equal(clock.caughtUp, 1_500);
	assert.equal(clock.now(), 1_500);
});

test('ArbiterClock has one timer at most, and none once it is cleared', () => {
	const hand = new HandClock();
	const clock = new ArbiterClock(hand);
	clock.set(1_500, () => undefined);
	clock.set(1_300, () => undefined);
	assert.equal(hand.running, 1);
	clock.clear();
	assert.equal(hand.running, 0);
	hand.time = 99_000;
	assert.equal(clock.catchUp(), false, 'nothing was due');
});
