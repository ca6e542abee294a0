import type { Clock, ClockTimer } from '../clock.js';
import { duration } from '../engine/duration.js';
import { block } from '../engine/engine.js';
import { configure } from '../runtime/options.js';
import { CLOCK_ADVANCE, CLOCK_NOW } from './testing-messages.js';

interface Alarm {
	readonly atMs: number;
	readonly callback: () => void;
}

/**
 * A clock that stands still until it is told to move. It starts at 0. `useMockClock` puts one into the hub and has it jump to the
 * next deadline when nothing else can happen; used directly, it lets code that takes a `Clock` be tested without a hub.
 * @example
 * import { MockClock } from 'tsgevent/testing';
 * import assert from 'node:assert/strict';
 *
 * const clock = new MockClock();
 * const rung = [];
 * clock.schedule(60_000, () => rung.push(clock.now()));
 * clock.advance(59_999);
 * assert.deepEqual(rung, []);
 * assert.equal(clock.jump(), true);
 * assert.deepEqual(rung, [60_000]);
 */
export class MockClock implements Clock {
	#nowMs = 0;
	/** In the order in which they go off; those of one moment in the order in which they were set. */
	#alarms: Alarm[] = [];

	now(): number {
		return this.#nowMs;
	}

	schedule(delayMs: number, callback: () => void): ClockTimer {
		const alarm = { atMs: this.#nowMs + Math.max(0, delayMs), callback };
		const before = this.#alarms.findIndex(({ atMs }) => atMs > alarm.atMs);
		this.#alarms.splice(before < 0 ? this.#alarms.length : before, 0, alarm);
		return {
			cancel: () => {
				this.#alarms = this.#alarms.filter((other) => other !== alarm);
			},
		};
	}

	/** Moves `ms` milliseconds ahead; what is due on the way goes off at its own time. */
	advance(ms: number): void {
		const untilMs = this.#nowMs + ms;
		for (let next = this.#alarms[0]; next && next.atMs <= untilMs; next = this.#alarms[0]) this.#ring(next);
		this.#nowMs = untilMs;
	}

	/** Moves to the next deadline, where everything that is due goes off; false when there is none. */
	jump(): boolean {
		const next = this.#alarms[0];
		if (!next) return false;
		this.advance(next.atMs - this.#nowMs);
		return true;
	}

	#ring(alarm: Alarm): void {
		this.#alarms.shift();
		this.#nowMs = alarm.atMs;
		alarm.callback();
	}
}

/** What a test sees of the hub's mock clock; every call asks the hub. */
export interface MockTime {
	/** Milliseconds of mocked time since the hub started. */
	now(): number;
	/** Moves `ms` milliseconds ahead, whatever the greenlets do, and returns the new time. */
	advance(ms: number): number;
}

/**
 * Has the hub keep mocked time, which jumps to the next deadline as soon as every greenlet is parked and only timers can wake
 * one: sleeps and timeouts of any length then take no time, in an order that is the same in every run. While a greenlet waits
 * for I/O or computes, time stands still; the main greenlet counts, so wait with `get()` rather than with `await`.
 *
 * Call it in the program's main thread, before its first blocking call.
 * @throws GreenError `ERR_ALREADY_STARTED` when the hub runs already
 * @example
 * import { sleep } from 'tsgevent';
 * import { useMockClock } from 'tsgevent/testing';
 * import assert from 'node:assert/strict';
 *
 * const time = useMockClock();
 * sleep(86_400_000);
 * assert.equal(time.now(), 86_400_000);
 */
export function useMockClock(): MockTime {
	configure({ clockModule: new URL('./mock-clock-module.js', import.meta.url).href });
	return {
		now: () => block(CLOCK_NOW),
		advance: (ms) => block(CLOCK_ADVANCE, Math.max(0, duration(ms, 'ms'))),
	};
}
