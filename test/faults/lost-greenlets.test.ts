/** Greenlets that take their thread along: each is lost alone, its waiter learns which, and the pool recovers. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { linesOf, runProgram } from '../support/program.js';

for (const starter of ['node', 'tsgevent'] as const) {
	test(`under ${starter} process.exit() loses the greenlet, and closes its sockets`, async () => {
		const [error, read, sums] = (await linesOf(starter, 'faults/exit.mjs')) as [Record<string, string>, string, string];
		assert.match(error.message ?? '', /^Lost greenlet \d+ \(leave\): .*exited with code: 3/);
		assert.deepEqual([error.name, error.code], ['GreenletLostError', 'ERR_GREENLET_LOST']);
		assert.match(error.greenlet ?? '', /^\d+ \(leave\)$/);
		assert.deepEqual([read, sums], ['here', '2 4 6 8']);
	});
}

test('a heap that grows slowly costs its own greenlet', async () => {
	const [error, ...others] = (await linesOf('node', 'faults/heap.mjs')) as [Record<string, string>, string];
	assert.match(error.message ?? '', /^Lost greenlet \d+ \(grow\): .*memory limit/);
	assert.deepEqual([error.code, error.cause], ['ERR_GREENLET_LOST', 'ERR_WORKER_OUT_OF_MEMORY']);
	assert.deepEqual(others, ['unharmed', 'unharmed']);
});

test('one that spins is terminated after the grace, and those that waited for its thread run', async () => {
	const [spins, killed, error, answer] = (await linesOf('node', 'faults/spin.mjs')) as [string, string, Record<string, string>, string];
	assert.deepEqual([spins, killed, answer], ['spins', 'true', '42']);
	assert.equal(error.code, 'ERR_GREENLET_LOST');
	assert.match(error.message ?? '', /^Lost greenlet \d+ \(spin\): it was killed and did not end within 50 ms$/);
});

describe('a native call that never returns', () => {
	let folder: string;
	let fifo: string;

	before(() => {
		folder = mkdtempSync(join(tmpdir(), 'tsgevent-fifo-'));
		fifo = join(folder, 'fifo');
		execFileSync('mkfifo', [fifo]);
	});

	after(() => {
		rmSync(folder, { recursive: true });
	});

	test('makes kill() say so, costs one thread, and does not keep the process', async () => {
		const { signal, stdout } = await runProgram('node', 'faults/native.mjs', fifo);
		const [pending, lost, answer] = stdout.trim().split('\n') as [string, string, string];
		assert.match(pending, /"ERR_KILL_PENDING","message":"Cannot end greenlet \d+ \(readFifo\): .* native synchronous call for 2000 ms/);
		assert.match(lost, /"ERR_GREENLET_LOST","message":"Lost greenlet \d+ \(readFifo\): .*; its thread is stuck in a native call"/);
		assert.equal(answer, '42');
		assert.equal(signal, 'SIGKILL', 'the one way out that is left');
	});

	for (const starter of ['node', 'tsgevent'] as const) {
		test(`does not keep a program whose main greenlet has ended, under ${starter}`, async () => {
			const { signal, stdout, stderr } = await runProgram(starter, 'faults/native-unref.mjs', fifo);
			assert.deepEqual([stdout, signal], ['end of main\n', 'SIGKILL']);
			assert.match(stderr, /^A thread is inside a native synchronous call/m);
		});
	}
});
