import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { CellRequest } from '../../src/engine/threads/request.js';
import type { Thread } from '../../src/engine/threads/thread.js';
import { describeWait, findStuck } from '../../src/hub/deadlock.js';
import { GreenletRecord } from '../../src/hub/greenlet-record.js';

interface Shape {
	readonly id: number;
	/** Ids it waits for; undefined: it is parked on something else, or runs. */
	readonly waits?: readonly number[];
	readonly count?: number;
	readonly state?: GreenletRecord['state'];
	readonly condemned?: boolean;
	/** The main thread's greenlet frees no thread when it ends. */
	readonly main?: boolean;
}

function record({ id, waits, count = waits?.length ?? 0, state = 'running', condemned = false, main = false }: Shape): GreenletRecord {
	const made = new GreenletRecord(id, `g${id}`);
	made.state = state;
	if (state === 'running') made.thread = { index: main ? 0 : id, condemned } as Thread;
	made.request = { pending: true } as CellRequest<GreenletRecord>;
	if (waits) made.wait = { greenlets: waits, count, since: id };
	return made;
}

function stuck(shapes: readonly Shape[], threadsFree = false): number[] {
	return findStuck(shapes.map(record), threadsFree).map(({ id }) => id);
}

describe('findStuck()', () => {
	test('presumes alive whoever waits for time, I/O or nothing', () => {
		assert.deepEqual(stuck([{ id: 1 }, { id: 2, waits: [1] }, { id: 3, waits: [2] }]), []);
	});

	test('finds two that wait for each other, and those who wait for them', () => {
		assert.deepEqual(stuck([{ id: 1, waits: [2] }, { id: 2, waits: [1] }, { id: 3, waits: [1] }, { id: 4 }]), [1, 2, 3]);
	});

	test('finds one that waits for itself', () => {
		assert.deepEqual(stuck([{ id: 1, waits: [1] }]), [1]);
	});

	test('counts how many have to end', () => {
		assert.deepEqual(stuck([{ id: 1, waits: [1, 2], count: 1 }, { id: 2 }]), []);
		assert.deepEqual(stuck([{ id: 1, waits: [1, 2], count: 2 }, { id: 2 }]), [1]);
	});

	test('takes an unknown greenlet for one that has ended', () => {
		assert.deepEqual(stuck([{ id: 1, waits: [99] }]), []);
	});

	test('finds a full pool that waits for greenlets without a thread', () => {
		const full: Shape[] = [
			{ id: 1, waits: [3] },
			{ id: 2, waits: [4] },
			{ id: 3, state: 'queued' },
			{ id: 4, state: 'queued' },
		];
		assert.deepEqual(stuck(full), [1, 2]);
		assert.deepEqual(stuck(full, true), []);
		assert.deepEqual(stuck([...full, { id: 5 }]), [], 'the fifth will free its thread');
	});

	test('expects no thread from the main greenlet', () => {
		assert.deepEqual(
			stuck([
				{ id: 9, main: true },
				{ id: 1, waits: [3] },
				{ id: 3, state: 'queued' },
			]),
			[1],
		);
	});

	test('waits for delayed greenlets and for condemned threads', () => {
		assert.deepEqual(
			stuck([
				{ id: 1, waits: [2] },
				{ id: 2, state: 'delayed' },
			]),
			[],
		);
		assert.deepEqual(
			stuck([
				{ id: 1, waits: [2] },
				{ id: 2, waits: [1], condemned: true },
			]),
			[],
		);
	});
});

test('describeWait() names what each waits for', () => {
	const all = new Map(
		[record({ id: 1, waits: [2, 3, 4] }), record({ id: 2 }), record({ id: 3, state: 'queued' })].map((one) => [one.id, one]),
	);
	assert.equal(
		describeWait(all.get(1) as GreenletRecord, all),
		'greenlet 1 (g1) waits for 2 (g2); 3 (g3), which waits for a free thread; 4 (ended)',
	);
});
