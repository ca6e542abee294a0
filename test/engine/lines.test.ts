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

interface Line {
	readonly name: string;
	readonly head: Run;
	readonly behind: Run[];
	readonly names: string[];
}

/** Starts `first`, which is given a name and that of the next in line, and marks behind it, which the hub leaves there while it takes greenlets for short. */
async function begin(count: number, first: (name: string, next: string) => Run): Promise<Line> {
	await warmUp();
	const names = Array.from({ length: count }, fresh);
	const name = fresh();
	const head = first(name, names[0] as string);
	const behind = names.map((each) => new Run(lane.mark, each));
	await new Promise((resolve) => setImmediate(resolve));
	return { name, head, behind, names };
}

/** The same, again and again until they do lie there: to a machine that stood still for a moment the greenlets of that moment look long. */
async function lineUp(count: number, first: Task): Promise<Line> {
	for (;;) {
		const line = await begin(count, (name, next) => new Run(first, name, next));
		if (line.behind.slice(0, 2).every(lined)) return line;
		await Promise.all([line.head, ...line.behind].map((run) => run.ended));
	}
}

function lined(run: Run): boolean {
	return exchange.pool.threads().some(({ line }) => line.some(({ greenlet }) => greenlet === run.record.id));
}

describe('Greenlets in line', () => {
	for (const first of [lane.computeUntil, lane.goAsyncUntil, lane.parkUntil]) {
		test(`go elsewhere when the one before them is to ${taskName(first).task}`, async () => {
			const { name, head, behind, names } = await lineUp(5, first);
			assert.equal(await head.value(), name);
			assert.deepEqual(await Promise.all(behind.map((run) => run.value())), names);
			assert.deepEqual(
				[name, ...names].map((each) => lane.runs(each)),
				[1, 1, 1, 1, 1, 1],
			);
		});
	}

	test('go elsewhere when the one before them ends its thread', async () => {
		const { name, head, behind, names } = await lineUp(5, lane.die);
		await assert.rejects(head.value(), { code: 'ERR_GREENLET_LOST' });
		assert.deepEqual(await Promise.all(behind.map((run) => run.value())), names);
		assert.deepEqual(
			[name, ...names].map((each) => lane.runs(each)),
			[1, 1, 1, 1, 1, 1],
		);
	});

	test('never begin when they are killed there', async () => {
		const killer = new Killer(hub);
		const { head, behind, names } = await lineUp(3, lane.parkUntil);
		const victim = behind[1] as Run;
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
			const { head, behind, names } = await begin(20, () => new Run(lane.computeFor, 20_000 * round));
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
