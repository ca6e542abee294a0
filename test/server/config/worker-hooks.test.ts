import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadWorkerHooks } from '../../../src/server/config/worker-hooks.js';
import { ConfigFolder, KeptLog } from '../../support/config-folder.js';

test("The worker's hooks run with what they are given, are awaited, and never throw", async () => {
	await using folder = new ConfigFolder();
	const path = folder.write(
		'conf.ts',
		`export const workers: number = 2;
		export function post_fork(seen: unknown[], worker: string) { seen.push(worker) }
		export async function worker_exit(seen: unknown[]) { await null; seen.push('exit') }
		export function worker_int() { throw new Error('no database') }
		export const worker_abort = async () => { throw 'text' };
		export const post_worker_init = () => new Promise(() => 1);
		export function when_ready() {}`,
	);
	const log = new KeptLog();
	const hooks = await loadWorkerHooks(path, log, 100);
	assert.deepEqual([hooks.has('post_fork'), hooks.has('pre_request')], [true, false]);
	const seen: unknown[] = [];
	await hooks.run('post_fork', seen, 'worker');
	await hooks.run('worker_exit', seen);
	await hooks.run('pre_request', seen);
	assert.deepEqual([seen, log.lines], [['worker', 'exit'], []]);
	await hooks.run('worker_int');
	await hooks.run('worker_abort');
	await hooks.run('post_worker_init');
	assert.deepEqual(log.lines, [
		'error: Hook worker_int failed: no database',
		'error: Hook worker_abort failed: text',
		'error: Hook post_worker_init failed: it did not end within 0.1 s',
	]);
});

test('Without a file, and with a JSON one, there are no hooks', async () => {
	await using folder = new ConfigFolder({ 'conf.json': '{}' });
	for (const path of [undefined, `${folder.path}/conf.json`]) {
		const hooks = await loadWorkerHooks(path, new KeptLog());
		await hooks.run('post_fork');
		assert.equal(hooks.has('post_fork'), false);
	}
});

test('A file that does not load is an error', async () => {
	await using folder = new ConfigFolder({ 'conf.mjs': "throw new Error('no database')" });
	const loading = loadWorkerHooks(`${folder.path}/conf.mjs`, new KeptLog());
	await assert.rejects(loading, { code: 'ERR_CONFIG', message: /^Cannot load config file .*: no database \(.*conf\.mjs:1:7\)$/ });
});
