import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { GreenletRecord } from '../../src/hub/greenlet-record.js';
import { Resources } from '../../src/hub/resources.js';

/** A resource that counts how often it was disposed of. */
function counted(): { kind: string; disposed: number; dispose(): void } {
	return {
		kind: 'test',
		disposed: 0,
		dispose() {
			this.disposed++;
		},
	};
}

describe('Resources', () => {
	const [a, b] = [new GreenletRecord(1, 'a'), new GreenletRecord(2, 'b')];

	test('dispose of a resource with its last holder, once', () => {
		const resources = new Resources();
		const door = counted();
		const handle = resources.own(a, door);
		resources.retain(b, [handle]);
		resources.retain(b, [handle]);
		resources.releaseAll(a);
		assert.deepEqual([door.disposed, resources.get(handle)], [0, door]);
		resources.release(handle, b);
		resources.release(handle, b);
		assert.deepEqual([door.disposed, resources.get(handle), resources.size], [1, undefined, 0]);
		assert.deepEqual([a.handles.size, b.handles.size], [0, 0]);
	});

	test('released by nobody in particular are released by everybody', () => {
		const resources = new Resources();
		const door = counted();
		const handle = resources.own(a, door);
		resources.retain(b, [handle]);
		resources.release(handle);
		resources.releaseAll(a);
		assert.deepEqual([door.disposed, a.handles.size, b.handles.size], [1, 0, 0]);
	});

	test('skip handles that have been released meanwhile', () => {
		const resources = new Resources();
		const handle = resources.own(a, counted());
		resources.release(handle, a);
		resources.retain(b, [handle]);
		assert.equal(b.handles.size, 0);
	});

	test('never give a handle twice', () => {
		const resources = new Resources();
		const first = resources.own(a, counted());
		resources.release(first);
		assert.notEqual(resources.own(a, counted()), first);
		resources.releaseAll(a);
	});

	test('are all disposed of at the end', () => {
		const resources = new Resources();
		const doors = [counted(), counted()];
		for (const door of doors) resources.own(a, door);
		resources.clear();
		assert.deepEqual(
			doors.map(({ disposed }) => disposed),
			[1, 1],
		);
	});
});
