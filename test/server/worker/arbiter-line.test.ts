import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { bindTcp, boundName } from '../../../src/server/arbiter/server-handle.js';
import { projectPath } from '../../support/project.js';

/** A process that fetches listeners and says what it got; the test is its arbiter. */
class Fetching implements Disposable {
	readonly #child: ChildProcess = fork(projectPath('dist/test/fixtures/fetching-worker.js'));

	ask(indexes: readonly number[]): void {
		this.#child.send({ type: 'fetch', indexes });
	}

	answer(index: number, handle?: unknown): void {
		this.#child.send({ type: 'listener', index }, handle as never);
	}

	async said(): Promise<unknown> {
		const [message] = await once(this.#child, 'message', { signal: AbortSignal.timeout(30_000) });
		return message;
	}

	[Symbol.dispose](): void {
		this.#child.kill('SIGKILL');
	}
}

test('ArbiterLine brings a copy of a listener, each to whoever asked for that one', async () => {
	using worker = new Fetching();
	const [one, two] = [bindTcp('127.0.0.1', 0), bindTcp('127.0.0.1', 0)];
	worker.ask([1, 2]);
	assert.deepEqual(await worker.said(), { type: 'listener', index: 1 });
	assert.deepEqual(await worker.said(), { type: 'listener', index: 2 });
	worker.answer(2, two);
	assert.deepEqual(await worker.said(), { index: 2, port: boundName(two)?.port });
	worker.answer(1, one);
	assert.deepEqual(await worker.said(), { index: 1, port: boundName(one)?.port });
	for (const handle of [one, two]) handle.close();
});

test('ArbiterLine says why there is no copy of a listener', async () => {
	using worker = new Fetching();
	worker.ask([1]);
	await worker.said();
	worker.answer(1);
	assert.deepEqual(await worker.said(), { index: 1, error: 'Cannot fetch listener 1: the arbiter has closed it' });
});
