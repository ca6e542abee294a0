import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { PLAIN, PLAIN_APP, TestServer } from '../support/server.js';

const ARBITER_HOOKS = ['on_starting', 'on_reload', 'when_ready', 'pre_fork', 'child_exit', 'nworkers_changed', 'on_exit'];
const WORKER_HOOKS = ['post_fork', 'post_worker_init', 'worker_int', 'worker_abort', 'worker_exit'];

/** A config file whose hooks all write a line each to the file `hooks`; `body` comes after that. */
function config(names: readonly string[], body = ''): string {
	const hooks = names.map((name) => `export function ${name}(...views) { note('${name}', views); ${body} }`);
	return `
		import { appendFileSync } from 'node:fs';
		function note(name, views) {
			const shown = views.map((view) => (typeof view === 'object' && view !== null ? (view.age === undefined ? 'server' : 'worker ' + view.age) : String(view)));
			appendFileSync(new URL('hooks', import.meta.url), [name, ...shown].join(' ') + '\\n');
		}
		export const bind = '127.0.0.1:0';
		${hooks.join('\n')}`;
}

function start(text: string, args: readonly string[] = []): TestServer {
	return new TestServer((folder) => ['-c', join(folder, 'conf.mjs'), '--log-level', 'debug', ...args, ...PLAIN, PLAIN_APP], {
		files: { 'conf.mjs': text },
	});
}

function called(server: TestServer): string[] {
	const path = join(server.folder, 'hooks');
	return existsSync(path) ? readFileSync(path, 'utf8').trim().split('\n') : [];
}

async function until(server: TestServer, line: string, count = 1): Promise<void> {
	const deadline = performance.now() + 60_000;
	while (called(server).filter((one) => one === line).length < count) {
		assert.ok(performance.now() < deadline, `no ${line} in ${called(server)}\n${server.log}`);
		await delay(10);
	}
}

test('All hooks are called in their order, with views of the server and of the worker', async () => {
	await using server = start(config([...ARBITER_HOOKS, ...WORKER_HOOKS]));
	await server.logged(/is ready/);
	server.kill('SIGTTIN');
	await server.logged(/is ready/, 2);
	server.kill('SIGHUP');
	await until(server, 'child_exit server worker 2');
	await until(server, 'child_exit server worker 1');
	server.kill('SIGINT');
	assert.equal(await server.exitStatus(), 0);
	const lines = called(server);
	const boot = (age: number) => [`pre_fork server worker ${age}`, `post_fork server worker ${age}`, `post_worker_init worker ${age}`];
	assert.deepEqual(lines.slice(0, 8), [
		'on_starting server',
		'nworkers_changed server 1 null',
		'when_ready server',
		...boot(1),
		'nworkers_changed server 2 1',
		'pre_fork server worker 2',
	]);
	const reload = lines.slice(lines.indexOf('on_reload server'));
	assert.deepEqual(reload.slice(0, 5), ['on_reload server', 'nworkers_changed server 1 2', ...boot(3)]);
	for (const age of [1, 2, 3]) {
		assert.ok(lines.indexOf(`worker_exit server worker ${age}`) > 0);
		assert.ok(lines.indexOf(`worker_exit server worker ${age}`) < lines.indexOf(`child_exit server worker ${age}`));
	}
	assert.ok(lines.includes('worker_int worker 3'));
	assert.equal(lines.at(-1), 'on_exit server');
});

test('Hooks that throw are logged and change nothing', async () => {
	await using server = start(config([...ARBITER_HOOKS, ...WORKER_HOOKS], "throw new Error('hooked');"));
	assert.equal((await server.get('/')).status, 200);
	server.kill('SIGHUP');
	await until(server, 'child_exit server worker 1');
	assert.equal((await server.get('/')).status, 200);
	server.kill('SIGINT');
	assert.equal(await server.exitStatus(), 0);
	const names = new Set(called(server).map((line) => line.split(' ')[0] ?? ''));
	for (const name of names) assert.match(server.log, new RegExp(`\\[ERROR\\].*${name}.*hooked`), name);
	assert.ok(names.size >= 11, [...names].join());
});

test('A stop does not wait for a hook before a fork, and nothing is started any more', async () => {
	await using server = start(`${config(['on_exit'])}
		export async function pre_fork(server, worker) { note('pre_fork', [worker]); await new Promise((resolve) => setTimeout(resolve, 30_000)); }`);
	await until(server, 'pre_fork worker 1');
	server.kill('SIGTERM');
	assert.equal(await server.exitStatus(), 0);
	// What a hook is told when it has been waited for as long as any hook is.
	assert.doesNotMatch(server.log, /it did not end within/);
	assert.deepEqual(called(server), ['pre_fork worker 1', 'on_exit server']);
	assert.equal(server.workerPids.length, 0);
});

test('worker_abort is called when a worker is sent SIGABRT', async () => {
	await using server = start(config(['worker_abort', 'worker_exit']));
	await server.get('/');
	const [pid = 0] = server.workerPids;
	process.kill(pid, 'SIGABRT');
	await server.logged(new RegExp(`Worker \\(pid:${pid}\\) exited with code 1`));
	assert.deepEqual(called(server), ['worker_abort worker 1', 'worker_exit server worker 1']);
});
