import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkApp } from '../../../src/server/arbiter/app-check.js';
import { type Config, makeConfig } from '../../../src/server/config/config.js';
import { childProcesses } from '../../../src/server/worker/child-processes.js';
import { ConfigFolder, KeptLog } from '../../support/config-folder.js';
import { PLAIN } from '../../support/server.js';

const APPS = {
	'good.mjs': 'export function app(request, response) { response.end() }',
	'throws.mjs': "throw new TypeError('no database', { cause: new Error('refused') });",
	'exits.mjs': 'process.exit(0);',
	'hangs.mjs': 'await new Promise(() => setInterval(() => 1, 1000));',
	'spins.mjs': 'for (;;);',
	'says.mjs': "if (process.env.WHO !== 'me') throw new Error('not me'); export const app = () => 1;",
};

interface Check {
	readonly status: number;
	readonly log: KeptLog;
}

async function check(folder: ConfigFolder, app: string, values: Partial<Config> = {}, signal?: AbortSignal): Promise<Check> {
	const log = new KeptLog();
	const status = await checkApp(`${folder.path}/${app}`, makeConfig(values), log, signal);
	return { status, log };
}

for (const worker_class of ['sync', 'gevent', 'async'])
	test(`An app that loads in a ${worker_class} worker passes, and one that does not is told of once, with its cause`, async () => {
		await using folder = new ConfigFolder(APPS);
		const good = await check(folder, 'good.mjs:app', { worker_class, threads: 1, worker_connections: 2 });
		assert.deepEqual([good.status, good.log.lines.filter((line) => /error|critical/.test(line))], [0, []]);
		const { status, log } = await check(folder, 'throws.mjs:app', { worker_class, worker_connections: 2 });
		assert.equal(status, 4);
		const errors = log.lines.filter((line) => line.startsWith('error'));
		assert.equal(errors.length, 1);
		assert.match(errors[0] ?? '', /^error: Cannot load app '.*throws\.mjs:app': its module threw: no database/);
		assert.match((log.cause as Error).stack ?? '', /TypeError: no database/);
		assert.equal(((log.cause as Error).cause as Error).message, 'refused');
	});

test('An app that does not load fails the check under reload, too', async () => {
	await using folder = new ConfigFolder(APPS);
	assert.equal((await check(folder, 'throws.mjs:app', { reload: true })).status, 4);
});

test('An app that ends its process, or takes longer than boot_timeout, fails the check', async () => {
	await using folder = new ConfigFolder(APPS);
	const exits = await check(folder, 'exits.mjs:app', { worker_class: 'async' });
	assert.deepEqual([exits.status, exits.log.lines.length], [3, 1]);
	assert.match(exits.log.lines[0] ?? '', /^error: The process that loads app '.*' has ended by itself, with status 0$/);
	for (const app of ['hangs.mjs', 'spins.mjs']) {
		const { status, log } = await check(folder, app, { boot_timeout: 0.7 });
		assert.equal(status, 3);
		assert.match(log.lines[0] ?? '', /^error: App '.*' was not loaded within 0\.7 s \(boot_timeout\)$/);
	}
});

test('A worker class that does not exist fails the check', async () => {
	await using folder = new ConfigFolder(APPS);
	const { status, log } = await check(folder, 'good.mjs', { worker_class: './nowhere.js' });
	assert.equal(status, 3);
	assert.match(log.lines[0] ?? '', /Exception in worker process/);
});

test('The check has the environment of the workers', async () => {
	await using folder = new ConfigFolder(APPS);
	assert.equal((await check(folder, 'says.mjs')).status, 4);
	assert.equal((await check(folder, 'says.mjs', { raw_env: ['WHO=me'] })).status, 0);
});

test('A check can be ended', async () => {
	await using folder = new ConfigFolder(APPS);
	const before = childProcesses().length;
	const ending = new AbortController();
	const checking = check(folder, 'spins.mjs', {}, ending.signal);
	ending.abort();
	const { status, log } = await checking;
	assert.deepEqual([status, log.lines], [3, []]);
	assert.equal(childProcesses().length, before);
});

test('A class of a user is checked as well', async () => {
	await using folder = new ConfigFolder(APPS);
	assert.equal((await check(folder, 'good.mjs:app', { worker_class: PLAIN[1] ?? '' })).status, 0);
});
