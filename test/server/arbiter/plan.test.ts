import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ArbiterState, backoffMs, plan, type StopSignal, type WorkerView } from '../../../src/server/arbiter/plan.js';

const fresh = (age: number): WorkerView => ({ age, told: undefined, leaveBy: undefined });
const told = (age: number, signal: StopSignal): WorkerView => ({ ...fresh(age), told: signal });
const state = (changes: Partial<ArbiterState>): ArbiterState => ({
	wanted: 2,
	workers: [],
	spawnNotBefore: 0,
	stopping: undefined,
	...changes,
});
const stopping = { graceful: true, killAt: 100, exitStatus: 0 };

test('plan() spawns what is missing', () => {
	assert.deepEqual(plan(state({}), 0), { actions: [{ type: 'spawn' }, { type: 'spawn' }], wakeAt: Infinity });
	assert.deepEqual(plan(state({ workers: [fresh(1)] }), 0).actions, [{ type: 'spawn' }]);
	assert.deepEqual(plan(state({ workers: [fresh(1), fresh(2)] }), 0), { actions: [], wakeAt: Infinity });
});

test('plan() waits out the back-off before it spawns', () => {
	assert.deepEqual(plan(state({ spawnNotBefore: 50 }), 49), { actions: [], wakeAt: 50 });
	assert.equal(plan(state({ spawnNotBefore: 50 }), 50).actions.length, 2);
});

test('plan() tells every worker once to stop, and waits for the deadline', () => {
	const workers = [fresh(1), told(2, 'SIGTERM')];
	assert.deepEqual(plan(state({ workers, stopping }), 0), { actions: [{ type: 'signal', age: 1, signal: 'SIGTERM' }], wakeAt: 100 });
});

test('plan() grows more forceful, never less', () => {
	const workers = [told(1, 'SIGTERM'), told(2, 'SIGKILL')];
	const hasty = { ...stopping, graceful: false };
	assert.deepEqual(plan(state({ workers, stopping: hasty }), 0).actions, [{ type: 'signal', age: 1, signal: 'SIGQUIT' }]);
	assert.deepEqual(plan(state({ workers, stopping }), 100), { actions: [{ type: 'signal', age: 1, signal: 'SIGKILL' }], wakeAt: Infinity });
});

test('plan() kills a worker that has said goodbye and does not go, stopping or not', () => {
	const workers = [{ ...fresh(1), leaveBy: 50 }, fresh(2)];
	assert.deepEqual(plan(state({ workers }), 49), { actions: [], wakeAt: 50 });
	assert.deepEqual(plan(state({ workers }), 50), { actions: [{ type: 'signal', age: 1, signal: 'SIGKILL' }], wakeAt: Infinity });
	const leaving = [{ ...told(1, 'SIGTERM'), leaveBy: 50 }];
	assert.deepEqual(plan(state({ workers: leaving, stopping }), 50), {
		actions: [{ type: 'signal', age: 1, signal: 'SIGKILL' }],
		wakeAt: 100,
	});
});

test('plan() exits when the last worker has gone, and spawns nothing while stopping', () => {
	assert.deepEqual(plan(state({ stopping: { ...stopping, exitStatus: 3 } }), 0), {
		actions: [{ type: 'exit', status: 3 }],
		wakeAt: Infinity,
	});
});

test('backoffMs() doubles from 1 s to 30 s', () => {
	assert.deepEqual([1, 2, 3, 5, 6, 60].map(backoffMs), [1_000, 2_000, 4_000, 16_000, 30_000, 30_000]);
});
