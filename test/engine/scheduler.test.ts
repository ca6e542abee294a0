import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Scheduler } from '../../src/engine/threads/scheduler.js';
import type { Start, Thread } from '../../src/engine/threads/thread.js';
import { MockClock } from '../../src/testing/index.js';

/** Milliseconds after which a thread that has not parked has surely lost its place. */
const LONG_MS = 60;

/** A scheduler over threads that exist by name only. */
class Stage {
	readonly clock = new MockClock();
	/** Who was let go on or started, in order. */
	readonly log: string[] = [];
	readonly ranLong: Thread[] = [];
	/** Greenlets that wait to be started. */
	readonly starts: string[] = [];
	readonly scheduler: Scheduler;
	readonly #threads = new Map<string, Thread>();

	constructor(limit: number) {
		this.scheduler = new Scheduler(limit, this.clock, {
			startNext: () => this.#startNext(),
			workAhead: () => undefined,
			ranLong: (thread) => this.ranLong.push(thread),
		});
	}

	#startNext(): boolean {
		const name = this.starts.shift();
		if (name === undefined) return false;
		this.log.push(name);
		this.scheduler.begin(this.thread(name));
		return true;
	}

	thread(name: string): Thread {
		const thread = this.#threads.get(name) ?? ({ counted: false, resumedAt: 0, state: 'busy', line: [] as unknown[] } as Thread);
		this.#threads.set(name, thread);
		return thread;
	}

	resume(...names: string[]): void {
		for (const name of names) this.scheduler.resume(this.thread(name), () => this.log.push(name));
	}

	park(name: string): void {
		this.scheduler.leave(this.thread(name));
	}

	get counts(): [running: number, waiting: number] {
		return [this.scheduler.running, this.scheduler.waiting];
	}
}

describe('Scheduler', () => {
	test('lets no more run than its limit, and the next when one parks', () => {
		const stage = new Stage(2);
		stage.resume('a', 'b', 'c', 'd');
		assert.deepEqual(
			[stage.log, stage.counts],
			[
				['a', 'b'],
				[2, 2],
			],
		);
		stage.park('a');
		assert.deepEqual(
			[stage.log, stage.counts],
			[
				['a', 'b', 'c'],
				[2, 1],
			],
		);
		stage.park('a');
		assert.deepEqual(stage.counts, [2, 1], 'parking twice frees one place');
	});

	test('keeps the order of those that wait, however many', () => {
		const stage = new Stage(1);
		const names = Array.from({ length: 5000 }, (_, i) => `t${i}`);
		stage.resume(...names);
		for (const name of names) stage.park(name);
		assert.deepEqual([stage.log, stage.counts], [names, [0, 0]]);
	});

	test('takes turns between those resumed and those to be started, so that neither starves', () => {
		const stage = new Stage(1);
		stage.resume('r0', 'r1', 'r2', 'r3');
		stage.starts.push('s0', 's1', 's2');
		for (let i = 0; i < 7; i++) stage.park(stage.log.at(-1) as string);
		assert.deepEqual(stage.log, ['r0', 's0', 'r1', 's1', 'r2', 's2', 'r3']);
	});

	test('gives the place of a long runner away', () => {
		const stage = new Stage(1);
		stage.resume('long', 'next', 'last');
		stage.clock.advance(LONG_MS);
		assert.equal(stage.thread('long').counted, false);
		assert.deepEqual(stage.log, ['long', 'next', 'last'], 'each lost its place in turn');
		stage.park('long');
		assert.ok(stage.counts[0] <= 1, 'whoever has lost his place frees none by parking');
	});

	test('leaves its place to a long runner while nobody waits', () => {
		const stage = new Stage(2);
		stage.resume('long');
		stage.clock.advance(LONG_MS);
		assert.deepEqual(stage.counts, [1, 0]);
		assert.equal(stage.clock.jump(), false, 'no timer runs');
	});

	test('lets nobody wait in line behind a long runner, though there are places', () => {
		const stage = new Stage(2);
		stage.resume('long');
		stage.thread('long').line.push({} as Start, {} as Start);
		stage.scheduler.pump();
		stage.clock.advance(LONG_MS);
		assert.deepEqual(stage.ranLong, [stage.thread('long')]);
		assert.deepEqual(stage.counts, [0, 0]);
	});

	test('gives no long runner up that goes from one greenlet to the next', () => {
		const stage = new Stage(1);
		stage.resume('busy');
		for (let ms = 0; ms < LONG_MS; ms++) {
			stage.clock.advance(1);
			stage.scheduler.begin(stage.thread('busy'));
		}
		assert.deepEqual([stage.ranLong, stage.counts], [[], [1, 0]]);
		stage.scheduler.stop();
	});

	test('skips those that died while they waited', () => {
		const stage = new Stage(1);
		stage.resume('a', 'dead', 'b');
		stage.thread('dead').state = 'dead';
		stage.park('a');
		assert.deepEqual(stage.log, ['a', 'b']);
		stage.scheduler.stop();
	});
});
