import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { RUN_TASK } from '../../src/engine/core-operations.js';
import { pack } from '../../src/engine/threads/codec.js';
import { taskName } from '../../src/greenlet/task.js';
import type { Ending, GreenletRecord } from '../../src/hub/greenlet-record.js';
import { endingValue } from '../../src/hub/hub.js';
import { Killer } from '../../src/hub/killer.js';
import { GreenletExit } from '../../src/index.js';
import { startMainHub } from '../../src/runtime/main-hub.js';
import * as lane from '../fixtures/lane-tasks.js';

// One place among those that run and two threads: whoever is not started waits in line, and could run elsewhere.
const hub = await startMainHub({ maxGreenlets: 2, runnable: 1 });
const { exchange } = hub;
after(() => hub.close());

type Task = (...args: never[]) => unknown;

class Run {
	readonly record: GreenletRecord;
	readonly ended: Promise<Ending>;

	constructor(task: Task, ...args: unknown[]) {
		const { url, task: name } = taskName(task);
		let settle: (ending: Ending) => void = () => undefined;
		this.ended = new Promise((resolve) => {
			settle = resolve;
		});
		this.record = hub.start(RUN_TASK, [url as string, name, name, ...args], { onEnd: (ending) => settle(ending) });
	}

	async value(): Promise<unknown> {
		return endingValue(await this.ended);
	}
}

let names = 0;
const fresh = (): string => `g${process.pid}n${names++}`;

/** Has both threads come up and known for greenlets that are short and do not park. */
async function warmUp(): Promise<void> {
	for (let round = 0; round < 200; round++) {
		// Who computes for longer than a place is kept has the other thread used as well.
		const long = new Run(round % 20 === 0 ? lane.parkFor : lane.computeFor, 3);
		await Promise.all([long, ...Array.from({ length: 8 }, () => new Run(lane.computeFor, 3))].map((run) => run.value()));
	}
}

/** Starts `first` and then marks behind it; resolves when they lie in line. */
async function lineUp(count: number, first: Task, ...args: unknown[]): Promise<{ head: Run; behind: Run[]; names: string[] }> {
	await warmUp();
	const head = new Run(first, ...args);
	const marks = Array.from({ length: count }, (_, i) => (i === 0 ? (args[1] as string) : undefined) ?? fresh());
	const behind = marks.map((name) => new Run(lane.mark, name));
	await new Promise((resolve) => setImmediate(resolve));
	return { head, behind, names: marks };
}

const lined = (run: Run): boolean => exchange.pool.threads().some(({ line }) => line.some(({ greenlet }) => greenlet === run.record.id));

describe('Greenlets in line', () => {
	for (const first of [lane.computeUntil, lane.goAsyncUntil, lane.parkUntil]) {
		test(`go elsewhere when the one before them is to ${taskName(first).task}`, async () => {
			const [name, other] = [fresh(), fresh()];
			const { head, behind, names } = await lineUp(5, first, name, other);
			assert.ok(lined(behind[0] as Run), 'it did wait in line');
			assert.equal(await head.value(), name);
			assert.deepEqual(await Promise.all(behind.map((run) => run.value())), names);
			assert.deepEqual(
				[name, ...names].map((each) => lane.runs(each)),
				[1, 1, 1, 1, 1, 1],
			);
		});
	}

	test('go elsewhere when the one before them ends its thread', async () => {
		const name = fresh();
		const { head, behind, names } = await lineUp(5, lane.die, name, fresh());
		await assert.rejects(head.value(), { code: 'ERR_GREENLET_LOST' });
		assert.deepEqual(await Promise.all(behind.map((run) => run.value())), names);
		assert.deepEqual(
			[name, ...names].map((each) => lane.runs(each)),
			[1, 1, 1, 1, 1, 1],
		);
	});

	test('never begin when they are killed there', async () => {
		const killer = new Killer(hub);
		const [name, other] = [fresh(), fresh()];
		const { head, behind, names } = await lineUp(3, lane.parkUntil, name, other);
		const victim = behind[1] as Run;
		assert.ok(lined(victim));
		killer.kill(victim.record, pack(new GreenletExit()), -1);
		await Promise.all([head.ended, ...behind.map((run) => run.ended)]);
		assert.deepEqual(
			names.map((each) => lane.runs(each)),
			[1, 0, 1],
		);
	});

	test('are not hit when the one before them is ended with force', async () => {
		const killer = new Killer(hub);
		for (let round = 0; round < 10; round++) {
			const { head, behind, names } = await lineUp(20, lane.computeFor, 20_000 * round, fresh());
			killer.kill(head.record, pack(new GreenletExit()), 0);
			const ending = await head.ended;
			if (!ending.ok) await assert.rejects(head.value(), { code: 'ERR_GREENLET_LOST' });
			assert.deepEqual(await Promise.all(behind.map((run) => run.value())), names);
			assert.ok(names.every((each) => lane.runs(each) === 1));
		}
	});

	test('run once each, whatever the others do', async () => {
		await warmUp();
		const runs: Run[] = [];
		const marks: string[] = [];
		for (let i = 0; i < 2000; i++) {
			const name = fresh();
			marks.push(name);
			if (i % 37 === 0) runs.push(new Run(lane.parkFor, 1));
			else if (i % 101 === 0) runs.push(new Run(lane.computeFor, 3_000_000));
			else if (i % 53 === 0) runs.push(new Run(lane.goAsyncUntil, fresh(), name));
			runs.push(new Run(lane.mark, name));
			if (i % 11 === 0) await new Promise((resolve) => setImmediate(resolve));
		}
		await Promise.all(runs.map((run) => run.value()));
		assert.deepEqual(
			marks.filter((name) => lane.runs(name) !== 1),
			[],
		);
		assert.ok(exchange.pool.threads().every(({ line }) => line.length === 0));
	});

	test('do not keep a full pool from finding out that all are stuck', async () => {
		await warmUp();
		const crowds = [new Run(lane.crowd, 100), new Run(lane.crowd, 100)];
		const endings = await Promise.all(crowds.map((run) => run.ended));
		assert.ok(
			endings.some(({ ok }) => !ok),
			'two who wait on two threads for others',
		);
		await assert.rejects(Promise.all(crowds.map((run) => run.value())), { code: 'ERR_WOULD_BLOCK_FOREVER' });
	});
});
