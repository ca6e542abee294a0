import assert from 'node:assert/strict';
import { totalmem } from 'node:os';
import { describe, test } from 'node:test';
import { type NodeProcess, takeSlot, workerEnv, workerExecArgv } from '../../../src/server/arbiter/worker-exec-argv.js';
import type { Config } from '../../../src/server/config/config.js';
import { runNode } from '../../support/node-process.js';
import { projectPath } from '../../support/project.js';

const CONFIG = { inspect: null, heap_limit: null, workers: 4 } as Config;
const NODE: NodeProcess = { execArgv: [], env: {}, constrainedMemory: () => 0 };
const MB = 1_048_576;

describe('workerExecArgv()', () => {
	test("passes the arbiter's arguments on without its inspector", () => {
		const execArgv = [
			'--inspect',
			'--no-warnings',
			'--inspect-port',
			'9300',
			'--inspect-brk=0',
			'--inspect-wait',
			'--import',
			'./inspect.js',
		];
		assert.deepEqual(workerExecArgv(CONFIG, 0, { ...NODE, execArgv }), ['--no-warnings', '--import', './inspect.js']);
	});

	test('gives every slot a port of its own', () => {
		const argv = (inspect: string, slot: number) => workerExecArgv({ ...CONFIG, inspect }, slot, NODE);
		assert.deepEqual(argv('9229', 0), ['--inspect=9229']);
		assert.deepEqual(argv('9229', 3), ['--inspect=9232']);
		assert.deepEqual(argv('127.0.0.1:9229', 1), ['--inspect=127.0.0.1:9230']);
		assert.deepEqual(argv('[::1]:9229', 1), ['--inspect=[::1]:9230']);
		assert.deepEqual(argv('0', 1), ['--inspect=0']);
		assert.deepEqual(argv('65535', 1), ['--inspect=0']);
	});

	test('limits the heap as it is told', () => {
		assert.deepEqual(workerExecArgv({ ...CONFIG, heap_limit: 300 }, 0, NODE), ['--max-old-space-size=300']);
	});

	test("limits the heap to a worker's share where a cgroup limits the process", () => {
		const node = { ...NODE, constrainedMemory: () => 1_600 * MB };
		assert.deepEqual(workerExecArgv(CONFIG, 0, node), ['--max-old-space-size=200']);
		assert.deepEqual(workerExecArgv({ ...CONFIG, workers: 100 }, 0, node), ['--max-old-space-size=64']);
		assert.deepEqual(workerExecArgv(CONFIG, 0, { ...node, execArgv: ['--max-old-space-size=99'] }), ['--max-old-space-size=99']);
		assert.deepEqual(workerExecArgv(CONFIG, 0, { ...node, env: { NODE_OPTIONS: '--max_old_space_size=99' } }), []);
		// 2^64 - 1 is what Node says when there is no limit.
		for (const bytes of [0, totalmem(), 2 ** 64])
			assert.deepEqual(workerExecArgv(CONFIG, 0, { ...NODE, constrainedMemory: () => bytes }), []);
	});

	test('leaves out the flag that would keep SIGUSR1 from its handler', () => {
		assert.deepEqual(workerExecArgv(CONFIG, 0, { ...NODE, execArgv: ['--disable-sigusr1', '--no-warnings'] }), ['--no-warnings']);
	});

	test('gives arguments that this Node accepts', async () => {
		const argv = workerExecArgv({ ...CONFIG, inspect: '127.0.0.1:0', heap_limit: 100 }, 1);
		const { status, stdout, stderr } = await runNode([...argv, '-p', 'require("node:inspector").url()']);
		assert.equal(status, 0, stderr);
		assert.match(stdout, /^ws:\/\/127\.0\.0\.1:\d+/);
	});
});

test("confineHeapLimit() keeps the process's heap limit to its main thread", async () => {
	const { stdout, stderr } = await runNode(['--max-old-space-size=600', projectPath('dist/test/fixtures/heap-limits.js')]);
	const [main, thread] = JSON.parse(stdout || stderr) as [number, number];
	assert.ok(main >= 600, `main ${main} MB`);
	assert.ok(thread < 400, `thread ${thread} MB`);
});

test('workerEnv() takes the inspector out of NODE_OPTIONS', () => {
	assert.deepEqual(workerEnv({ A: '1' }), { A: '1' });
	assert.deepEqual(workerEnv({ NODE_OPTIONS: '--inspect=9229' }), {});
	assert.deepEqual(workerEnv({ NODE_OPTIONS: '--inspect-port 1 --import "./with \\"space.js" --inspect-brk' }), {
		NODE_OPTIONS: '--import "./with \\"space.js"',
	});
});

test('takeSlot() gives the lowest slot that is free', () => {
	assert.equal(takeSlot([]), 0);
	assert.equal(takeSlot([0, 1, 3]), 2);
	assert.equal(takeSlot(new Set([2, 0, 1])), 3);
});
