import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
	type Action,
	type ArbiterState,
	backoffMs,
	hasten,
	plan,
	type StopSignal,
	UNKILLABLE_MS,
	type WorkerView,
} from '../../../src/server/arbiter/plan.js';

const fresh = (age: number, changes: Partial<WorkerView> = {}): WorkerView => ({
	age,
	generation: 1,
	ready: true,
	retiring: false,
	condemned: false,
	told: undefined,
	aliveUntil: Infinity,
	leaveBy: undefined,
	...changes,
});
const told = (age: number, signal: StopSignal): WorkerView => fresh(age, { told: signal });
const booting = (age: number, generation = 1): WorkerView => fresh(age, { ready: false, generation });
const state = (changes: Partial<ArbiterState>): ArbiterState => ({
	wanted: 2,
	generation: 1,
	rolling: false,
	workers: [],
	spawnNotBefore: 0,
	wary: false,
	stopping: undefined,
	...changes,
});
const stopping = { graceful: true, killAt: 100, exitStatus: 0 };
const spawn: Action = { type: 'spawn' };
const tell = (age: number, signal: StopSignal = 'SIGTERM'): Action => ({ type: 'signal', age, signal });
const idle = { actions: [], wakeAt: Infinity };
const actions = (changes: Partial<ArbiterState>, now = 0): readonly Action[] => plan(state(changes), now).actions;

test('plan() spawns what is missing', () => {
	assert.deepEqual(plan(state({}), 0), { actions: [spawn, spawn], wakeAt: Infinity });
	assert.deepEqual(actions({ workers: [fresh(1)] }), [spawn]);
	assert.deepEqual(plan(state({ workers: [fresh(1), fresh(2)] }), 0), idle);
});

test('plan() counts what is about to start, and not what is told to leave or given up', () => {
	assert.deepEqual(plan(state({ workers: [booting(1), booting(2)] }), 0), idle);
	assert.deepEqual(actions({ workers: [told(1, 'SIGTERM'), fresh(2)] }), [spawn]);
	assert.deepEqual(actions({ workers: [fresh(1, { condemned: true }), fresh(2)] }), [spawn]);
});

test('plan() waits for the end of a worker that does not get ready before it starts another', () => {
	const silent = { ...booting(1), condemned: true };
	assert.deepEqual(actions({ workers: [silent, fresh(2)] }), []);
	assert.deepEqual(actions({ workers: [silent, fresh(2)], wanted: 3 }), [spawn]);
});

test('plan() waits out the back-off before it spawns', () => {
	assert.deepEqual(plan(state({ spawnNotBefore: 50 }), 49), { actions: [], wakeAt: 50 });
	assert.equal(actions({ spawnNotBefore: 50 }, 50).length, 2);
});

test('plan() starts one worker at a time after a failed boot', () => {
	assert.deepEqual(actions({ wary: true, wanted: 4 }), [spawn]);
	assert.deepEqual(actions({ wary: true, wanted: 4, workers: [booting(1)] }), []);
	assert.deepEqual(actions({ wary: true, wanted: 4, workers: [fresh(1)] }), [spawn]);
});

test('plan() lets the oldest go when fewer are wanted, and only those that are ready', () => {
	assert.deepEqual(actions({ wanted: 1, workers: [fresh(1), fresh(2), fresh(3)] }), [tell(1), tell(2)]);
	assert.deepEqual(plan(state({ wanted: 1, workers: [fresh(1), booting(2)] }), 0), idle);
});

test('plan() lets all go, ready or not, when none is wanted', () => {
	assert.deepEqual(new Set(actions({ wanted: 0, workers: [fresh(1), booting(2)] })), new Set([tell(1), tell(2)]));
	assert.deepEqual(plan(state({ wanted: 0 }), 0), idle);
});

test('plan() starts a whole new generation before it lets any of the old one go', () => {
	const old = [fresh(1), fresh(2)];
	assert.deepEqual(actions({ generation: 2, workers: old }), [spawn, spawn]);
	assert.deepEqual(actions({ generation: 2, workers: [...old, booting(3, 2), booting(4, 2)] }), []);
	assert.deepEqual(actions({ generation: 2, workers: [...old, fresh(3, { generation: 2 }), booting(4, 2)] }), [tell(1)]);
	const halfway = [told(1, 'SIGTERM'), fresh(2), fresh(3, { generation: 2 }), fresh(4, { generation: 2 })];
	assert.deepEqual(actions({ generation: 2, workers: halfway }), [tell(2)]);
});

test('plan() replaces one worker at a time when it is to roll', () => {
	const old = [fresh(1), fresh(2), fresh(3)];
	const roll = (workers: WorkerView[]) => actions({ generation: 2, rolling: true, wanted: 3, workers });
	assert.deepEqual(roll(old), [spawn]);
	assert.deepEqual(roll([...old, booting(4, 2)]), []);
	assert.deepEqual(roll([...old, fresh(4, { generation: 2 })]), [tell(1)]);
	assert.deepEqual(roll([told(1, 'SIGTERM'), fresh(2), fresh(3), fresh(4, { generation: 2 })]), [spawn]);
	assert.deepEqual(actions({ rolling: true, wanted: 3 }), [spawn, spawn, spawn]);
});

test('plan() makes a generation larger or smaller than the one before', () => {
	const old = [fresh(1), fresh(2)];
	assert.equal(actions({ generation: 2, wanted: 4, workers: old }).length, 4);
	const four = [...old, fresh(3), fresh(4)];
	assert.deepEqual(actions({ generation: 2, workers: four }), [spawn, spawn], 'nobody leaves before the first new one is ready');
	assert.deepEqual(actions({ generation: 2, workers: four, rolling: true }), [spawn]);
	const started = [...four, fresh(5, { generation: 2 }), booting(6, 2)];
	assert.deepEqual(actions({ generation: 2, workers: started }), [tell(1), tell(2), tell(3)]);
	assert.deepEqual(actions({ generation: 2, wanted: 0, workers: old }), [tell(1), tell(2)]);
});

test('plan() keeps the old generation while the new one does not get up', () => {
	const old = [fresh(1), fresh(2)];
	assert.deepEqual(plan(state({ generation: 2, workers: old, wary: true, spawnNotBefore: 10 }), 0), { actions: [], wakeAt: 10 });
	assert.deepEqual(actions({ generation: 2, workers: old, wary: true, spawnNotBefore: 10 }, 10), [spawn]);
});

test('plan() gives up what still boots for an earlier generation', () => {
	assert.deepEqual(actions({ generation: 3, wanted: 1, workers: [fresh(1), booting(2, 2)] }), [tell(2), spawn]);
	assert.deepEqual(actions({ generation: 2, wanted: 1, workers: [booting(1)] }), [tell(1), spawn]);
});

test('plan() replaces workers that ask for it one by one, each when its successor is ready', () => {
	const retiring = (age: number) => fresh(age, { retiring: true });
	assert.deepEqual(actions({ workers: [retiring(1), retiring(2)] }), [spawn]);
	assert.deepEqual(actions({ workers: [fresh(1), retiring(2), booting(3)] }), []);
	assert.deepEqual(actions({ workers: [fresh(1), retiring(2), fresh(3)] }), [tell(2)]);
	assert.deepEqual(actions({ workers: [told(1, 'SIGTERM'), retiring(2), fresh(3)] }), [spawn]);
});

test('plan() gives up a worker that shows no sign of life, once', () => {
	const silent = fresh(1, { aliveUntil: 50 });
	assert.deepEqual(plan(state({ workers: [silent, fresh(2)] }), 49), { actions: [], wakeAt: 50 });
	assert.deepEqual(actions({ workers: [silent, fresh(2)] }, 50), [{ type: 'condemn', age: 1 }]);
	assert.deepEqual(actions({ workers: [{ ...silent, condemned: true }, fresh(2)] }, 50), [spawn]);
	assert.deepEqual(actions({ workers: [{ ...silent, told: 'SIGTERM' }], stopping }, 50), [{ type: 'condemn', age: 1 }]);
});

test('plan() kills a worker that was given up or told to leave and stays', () => {
	const given = fresh(1, { condemned: true, told: 'SIGABRT', leaveBy: 50, aliveUntil: 10 });
	assert.deepEqual(actions({ workers: [given, fresh(2), fresh(3)] }, 49), []);
	assert.deepEqual(actions({ workers: [given, fresh(2), fresh(3)] }, 50), [tell(1, 'SIGKILL')]);
	const replaced = fresh(1, { told: 'SIGTERM', leaveBy: 50 });
	assert.deepEqual(plan(state({ workers: [replaced, fresh(2), fresh(3)] }), 20), { actions: [], wakeAt: 50 });
	assert.deepEqual(actions({ workers: [replaced, fresh(2), fresh(3)] }, 50), [tell(1, 'SIGKILL')]);
});

test('plan() tells every worker once to stop, and waits for the deadline', () => {
	const workers = [fresh(1), told(2, 'SIGTERM')];
	assert.deepEqual(plan(state({ workers, stopping }), 0), { actions: [tell(1)], wakeAt: 100 });
});

test('plan() grows more forceful, never less', () => {
	const workers = [told(1, 'SIGTERM'), told(2, 'SIGKILL')];
	const hasty = { ...stopping, graceful: false };
	assert.deepEqual(actions({ workers, stopping: hasty }), [tell(1, 'SIGQUIT')]);
	assert.deepEqual(plan(state({ workers, stopping }), 100), { actions: [tell(1, 'SIGKILL')], wakeAt: 100 + UNKILLABLE_MS });
});

test('plan() asks nothing more of a worker that was given up, until the deadline', () => {
	const workers = [fresh(1, { condemned: true })];
	assert.deepEqual(actions({ workers, stopping }), []);
	assert.deepEqual(actions({ workers, stopping }, 100), [tell(1, 'SIGKILL')]);
});

test('plan() kills a worker that has said goodbye and does not go, stopping or not', () => {
	const workers = [fresh(1, { leaveBy: 50 }), fresh(2)];
	assert.deepEqual(plan(state({ workers }), 49), { actions: [], wakeAt: 50 });
	assert.deepEqual(plan(state({ workers }), 50), { actions: [tell(1, 'SIGKILL')], wakeAt: Infinity });
	const leaving = [fresh(1, { told: 'SIGTERM', leaveBy: 50 })];
	assert.deepEqual(plan(state({ workers: leaving, stopping }), 50), { actions: [tell(1, 'SIGKILL')], wakeAt: 100 });
});

test('plan() exits without workers that do not end although they were killed', () => {
	const killed = [told(1, 'SIGKILL'), told(2, 'SIGKILL')];
	const late = 100 + UNKILLABLE_MS;
	assert.deepEqual(plan(state({ workers: killed, stopping }), 101), { actions: [], wakeAt: late });
	assert.deepEqual(actions({ workers: killed, stopping }, late - 1), []);
	assert.deepEqual(plan(state({ workers: killed, stopping: { ...stopping, exitStatus: 3 } }), late), {
		actions: [{ type: 'exit', status: 3 }],
		wakeAt: Infinity,
	});
	// After a time in which the arbiter itself did nothing each is killed first, and then has its moment to end.
	assert.deepEqual(actions({ workers: [told(1, 'SIGKILL'), told(2, 'SIGTERM')], stopping }, late), [tell(2, 'SIGKILL')]);
});

test('plan() exits when the last worker has gone, and spawns nothing while stopping', () => {
	assert.deepEqual(plan(state({ stopping: { ...stopping, exitStatus: 3 } }), 0), {
		actions: [{ type: 'exit', status: 3 }],
		wakeAt: Infinity,
	});
	assert.deepEqual(actions({ workers: [told(1, 'SIGTERM')], stopping }), []);
});

test('backoffMs() doubles from 1 s to 30 s', () => {
	assert.deepEqual([1, 2, 3, 5, 6, 60].map(backoffMs), [1_000, 2_000, 4_000, 16_000, 30_000, 30_000]);
});

test('hasten() never makes a stop more patient, and keeps its exit status', () => {
	assert.deepEqual(hasten(undefined, stopping), stopping);
	assert.deepEqual(hasten(stopping, { graceful: false, killAt: 50, exitStatus: 3 }), { graceful: false, killAt: 50, exitStatus: 0 });
	assert.deepEqual(hasten({ graceful: false, killAt: 50, exitStatus: 3 }, stopping), { graceful: false, killAt: 50, exitStatus: 3 });
});
