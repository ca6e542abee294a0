import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { LANE_SLOTS, Lane } from '../../src/engine/threads/lane.js';

/** The hub's and the thread's view of one lane. */
function open(): { hub: Lane; thread: Lane } {
	const hub = new Lane();
	return { hub, thread: new Lane(hub.memory) };
}

/** Whether the thread had to be rung. */
function give(hub: Lane, greenlet: number): boolean {
	hub.vacant.greenlet = greenlet;
	return hub.give();
}

describe('A lane', () => {
	test('hands out in order what it is given', () => {
		const { hub, thread } = open();
		for (const greenlet of [1, 2]) give(hub, greenlet);
		assert.equal(thread.take()?.greenlet, 1);
		assert.equal(hub.ended(), undefined);
		thread.end();
		assert.equal(hub.ended()?.greenlet, 1);
		hub.release();
		assert.equal(hub.ended(), undefined, 'one end is read once');
		assert.equal(thread.take()?.greenlet, 2);
	});

	test('gives back only what has not been taken, the newest first', () => {
		const { hub, thread } = open();
		for (const greenlet of [1, 2, 3]) give(hub, greenlet);
		thread.take();
		assert.deepEqual([hub.takeBack(), hub.takeBack(), hub.takeBack()], [true, true, false]);
		thread.end();
		assert.equal(thread.take(), undefined);
		give(hub, 4);
		assert.equal(thread.take()?.greenlet, 4);
	});

	test('of which the hub cannot have one back holds the ends of all before it', () => {
		const { hub, thread } = open();
		for (const greenlet of [1, 2]) give(hub, greenlet);
		thread.take();
		thread.end();
		thread.take();
		assert.equal(hub.takeBack(), false);
		assert.equal(hub.ended()?.greenlet, 1);
	});

	test('rings a thread that sleeps, and lets none go to sleep over what it was given', () => {
		const { hub, thread } = open();
		assert.equal(give(hub, 1), false, 'a thread that is awake needs no bell');
		assert.equal(thread.doze(), false, 'something came before it lay down');
		thread.take();
		thread.end();
		assert.equal(thread.doze(), true);
		assert.deepEqual([give(hub, 2), give(hub, 3)], [true, false]);
	});

	test('names the greenlet that has gone on in the event loop', () => {
		const { hub, thread } = open();
		for (const greenlet of [1, 2]) give(hub, greenlet);
		thread.take();
		thread.goAsync();
		assert.equal(hub.async, 1);
		thread.end();
		assert.equal(thread.take()?.greenlet, 2);
		assert.notEqual(hub.async, 2);
	});

	test('is full with as many as it has slots, and goes round', () => {
		const { hub, thread } = open();
		for (let round = 0; round < 3; round++) {
			for (let i = 0; i < LANE_SLOTS; i++) give(hub, round * 100 + i);
			for (let i = 0; i < LANE_SLOTS; i++) {
				assert.equal(thread.take()?.greenlet, round * 100 + i);
				thread.end();
			}
			assert.equal(thread.take(), undefined, 'ends nobody has read are not run again');
			for (let i = 0; i < LANE_SLOTS; i++, hub.release()) assert.equal(hub.ended()?.greenlet, round * 100 + i);
		}
	});

	test('in which a thread and the hub reach for the same greenlets lets each have every one once', async () => {
		const count = 20_000;
		const lane = new Lane();
		const thread = new Worker(new URL('../fixtures/lane-thread.js', import.meta.url), { workerData: lane.memory });
		const ended: number[] = [];
		const back: number[] = [];
		const inside: number[] = [];
		const put = (greenlet: number) => {
			inside.push(greenlet);
			if (give(lane, greenlet)) thread.postMessage('bell');
		};
		const read = () => {
			for (let slot = lane.ended(); slot; slot = lane.ended()) {
				assert.deepEqual([slot.greenlet, slot.numbers[0]], [inside[0], 10 * slot.greenlet]);
				ended.push(inside.shift() as number);
				lane.release();
			}
		};
		let next = 1;
		for (let turn = 0; next <= count; turn++) {
			for (const room = 1 + (turn % LANE_SLOTS); room > inside.length && next <= count; next++) put(next);
			if (turn % 2 === 0) await new Promise((resolve) => setImmediate(resolve));
			read();
			for (let most = turn % 7; most > 0 && lane.takeBack(); most--) back.push(inside.pop() as number);
		}
		while (inside.length > 0) {
			await new Promise((resolve) => setImmediate(resolve));
			read();
		}
		put(0);
		const [ran] = (await once(thread, 'message')) as [number[]];
		assert.deepEqual(ran, ended);
		assert.deepEqual(
			ran,
			[...ran].sort((a, b) => a - b),
			'in order',
		);
		assert.deepEqual(
			[...ran, ...back].sort((a, b) => a - b),
			Array.from({ length: count }, (_, i) => i + 1),
		);
		assert.ok(back.length > 0, 'the hub had some back');
	});
});
