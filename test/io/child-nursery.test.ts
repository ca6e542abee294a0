/** Children started by the hub and by its nursery, asked for without greenlets. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { type ChildEnd, type ChildMessage, RUN_CHILD } from '../../src/io/child-process-messages.js';
import { childProcessServiceFrom } from '../../src/io/child-process-service.js';
import { type Question, ServiceBench } from '../support/service-bench.js';

const ALWAYS = 0;
const NEVER = Number.POSITIVE_INFINITY;

/** A shell's command line as the view would send it. */
function shell(command: string, more: Partial<ChildMessage> = {}): ChildMessage {
	return {
		file: '/bin/sh',
		args: ['-c', command],
		options: { env: { PATH: process.env.PATH } },
		stdio: 'pipe',
		input: null,
		timeoutMs: 0,
		maxBuffer: 0,
		killSignal: 'SIGTERM',
		...more,
	};
}

describe('a child of a nursery', () => {
	let there: ServiceBench;
	let here: ServiceBench;
	beforeEach(() => {
		there = new ServiceBench(childProcessServiceFrom(ALWAYS));
		here = new ServiceBench(childProcessServiceFrom(NEVER));
	});
	afterEach(() => {
		for (const bench of [there, here]) {
			bench.close();
			assert.equal(bench.clock.alarms, 0);
		}
	});

	async function both(message: ChildMessage): Promise<void> {
		const [mine, hub] = await Promise.all([there, here].map((bench) => bench.ask(1, RUN_CHILD, message).answer));
		assert.deepEqual({ ...mine, pid: Math.sign(mine?.pid as number) }, { ...hub, pid: Math.sign(hub?.pid as number) });
	}

	test('ends as a child of the hub does', async () => {
		await both(shell('echo out; echo err >&2; exit 3'));
		await both(shell('kill -9 $$'));
		await both(shell('cat', { input: Buffer.from('in') }));
		await both(shell('pwd', { options: { cwd: '/', env: {} } }));
		await both(shell('pwd'));
		await both(shell('echo much; exec sleep 60', { maxBuffer: 2 }));
		await both(shell('echo three >&3', { stdio: ['ignore', 'pipe', null, 'pipe'] }));
		await both(shell('', { file: 'no-such-program' }));
		await both(shell('true', { input: Buffer.alloc(4_000_000) }));
	});

	test("is the nursery's, unless it shares descriptors with the hub", async () => {
		const parent = async (message: ChildMessage): Promise<number> => Number((await there.ask(1, RUN_CHILD, message).answer).output?.[1]);
		assert.notEqual(await parent(shell('echo $PPID')), process.pid);
		assert.equal(await parent(shell('echo $PPID', { stdio: ['inherit', 'pipe', 'pipe'] })), process.pid);
	});

	test('is refused for bad arguments as Node does', async () => {
		const refused = (bench: ServiceBench): Promise<void> =>
			assert.rejects(bench.ask(1, RUN_CHILD, shell('', { options: { uid: 'x' } })).answer, {
				name: 'TypeError',
				code: 'ERR_INVALID_ARG_TYPE',
			});
		await Promise.all([refused(there), refused(here)]);
	});

	test('is ended by the time of the hub', async () => {
		for (const bench of [there, here]) {
			const question = bench.ask(1, RUN_CHILD, shell('exec sleep 60', { timeoutMs: 1_000 }));
			bench.clock.advance(1_000);
			const { error, signal } = await question.answer;
			assert.deepEqual([error?.code, signal], ['ETIMEDOUT', 'SIGTERM']);
		}
	});

	test('dies with its greenlet', async () => {
		// The second child waits for the first one's end, which ends its `read` from the pipe they share.
		const pipe = `/tmp/tsgevent-nursery-${process.pid}`;
		const reader = here.ask(1, RUN_CHILD, shell(`mkfifo ${pipe}; cat ${pipe}; rm ${pipe}`));
		const writer = there.ask(
			1,
			RUN_CHILD,
			// It has the pipe open before it says so: otherwise a kill could leave the reader waiting for a writer.
			shell(`while ! [ -p ${pipe} ]; do sleep 0.01; done; exec > ${pipe}; : > ${pipe}.up; exec sleep 60`),
		);
		await here.ask(1, RUN_CHILD, shell(`while ! [ -e ${pipe}.up ]; do sleep 0.01; done; rm ${pipe}.up`)).answer;
		writer.answer.catch(assert.ok);
		writer.kill();
		assert.equal((await reader.answer).status, 0);
	});

	test('is lost with its nursery, and the next one gets another', async () => {
		const lost: Question<ChildEnd> = there.ask(1, RUN_CHILD, shell('kill -9 $PPID; exec sleep 0.1'));
		await assert.rejects(lost.answer, { code: 'ERR_CHILD_LOST', message: /lost/ });
		assert.equal((await there.ask(1, RUN_CHILD, shell('exit 4')).answer).status, 4);
	});
});
