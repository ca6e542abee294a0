import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { PLAIN, PLAIN_APP, TestServer } from '../../support/server.js';

const ANY_PORT = ['-b', '127.0.0.1:0'];

/** A server with such a config file. */
function start(config: string, ...args: string[]): TestServer {
	const server = new TestServer(
		(folder) => ['-c', join(folder, 'conf.mjs'), ...ANY_PORT, ...(args.length > 0 ? args : [...PLAIN, PLAIN_APP])],
		{ files: { 'conf.mjs': config } },
	);
	return server;
}

const HANGING = '{ return new Promise(() => undefined); }';
const SPINNING = '{ spinInHook(); } function spinInHook() { for (;;); }';

/** Ends with 0 when it is told to, before the deadline of the test's own. */
async function endsWell(server: TestServer): Promise<void> {
	server.kill('SIGTERM');
	assert.equal(await server.exitStatus(), 0, server.log);
}

const WRONG: readonly [config: string, line: RegExp][] = [
	['export const workers = "many";', /^tsgunicorn: Cannot use workers in .*conf\.mjs, which is string many: [^\n]*\n$/],
	['export const bind = 8000;', /^tsgunicorn: Cannot use bind in .*conf\.mjs, which is number 8000: [^\n]*\n$/],
	['export const on_exit = 1;', /^tsgunicorn: Cannot use on_exit in .*conf\.mjs: a function is needed, not number\n$/],
	['export const wrokers = 2;', /^tsgunicorn: Cannot use wrokers in .*: there is no such setting; did you mean workers\?\n$/],
	['export const workers = ;', /^tsgunicorn: Cannot load config file .*conf\.mjs: Unexpected token ';'[^\n]*\n$/],
	['process.exit(0);', /^tsgunicorn: Cannot load config file .*conf\.mjs: [^\n]*\n$/],
	[
		'setImmediate(() => { throw new Error("later"); }); await new Promise(() => undefined);',
		/^tsgunicorn: Cannot load config file [^\n]*later/,
	],
];

describe('A broken config', { concurrency: 3 }, () => {
	test('Hooks of a worker that hang while it boots are given up after 10 s, with a line each, and those of a stop with the worker', async () => {
		const hanging = async (name: string, act: (server: TestServer) => Promise<void>) => {
			await using server = start(`export function ${name}() ${HANGING}`, '--graceful-timeout', '0.5', ...PLAIN, PLAIN_APP);
			await act(server);
		};
		const serves = (name: string) =>
			hanging(name, async (server) => {
				await server.logged(/Booting worker/);
				assert.equal((await server.get('/')).status, 200);
				assert.match(server.log, new RegExp(`\\[ERROR\\] Hook ${name} failed: it did not end within 10 s`));
				await endsWell(server);
			});
		const stops = (name: string, line: RegExp) =>
			hanging(name, async (server) => {
				await server.get('/');
				if (name === 'worker_int') server.kill('SIGINT');
				await endsWell(server);
				assert.match(server.log, line);
				// It was not waited for until it was given up.
				assert.doesNotMatch(server.log, /within 10 s/);
			});
		await Promise.all([
			serves('post_fork'),
			serves('post_worker_init'),
			stops('worker_exit', /\[WARNING\] Worker \(pid:\d+\) did not leave in time and is killed/),
			stops('worker_int', /\[WARNING\] Worker \(pid:\d+\) did not leave in time and is killed/),
		]);
	});

	test('A hook that spins in a worker costs that worker its life, and the log shows the hook', async () => {
		const booting = async () => {
			await using server = start(`export function post_fork() ${SPINNING}`, '--boot-timeout', '1.5', ...PLAIN, PLAIN_APP);
			assert.equal(await server.exitStatus(), 3);
			assert.match(server.log, /\[CRITICAL\] WORKER TIMEOUT \(pid:\d+\): it did not get ready within boot_timeout/);
			assert.match(server.log, /at spinInHook \(.*conf\.mjs/);
		};
		const serving = async () => {
			await using server = start(`export function pre_request() ${SPINNING}`, '--timeout', '1.5', '-k', 'async', PLAIN_APP);
			await assert.rejects(server.get('/'), { code: 'ECONNRESET' });
			await server.logged(/\[CRITICAL\] WORKER TIMEOUT[\s\S]*at spinInHook \(.*conf\.mjs/);
			await server.logged(/Booting worker/, 2);
			await endsWell(server);
		};
		await Promise.all([booting(), serving()]);
	});

	test('A hook that throws around a request is logged, and the request is answered, in every class', async () => {
		const config = `
			export function pre_request() { throw new Error('before'); }
			export async function post_request() { throw new Error('after'); }`;
		const askings = ['gevent', 'sync', 'async'].map(async (kind) => {
			await using server = start(config, '-k', kind, PLAIN_APP);
			assert.equal((await server.get('/pid')).status, 200);
			await server.logged(/\[ERROR\] Hook pre_request failed: before/);
			await server.logged(/\[ERROR\] Hook post_request failed: after/);
			await endsWell(server);
			assert.equal(server.workerPids.length, 1);
		});
		await Promise.all(askings);
	});

	test('A hook that ends the process of a worker while that boots ends the server with 3', async () => {
		await using server = start('export function post_fork() { process.exit(0); }');
		assert.equal(await server.exitStatus(), 3);
		assert.match(server.log, /\[ERROR\] Worker \(pid:\d+\) exited with code 0 before it was ready/);
	});

	test('A stop waits 10 s at most for a hook of the arbiter that hangs or spins', async () => {
		const during = async (name: string, body: string) => {
			await using server = start(`export function ${name}() ${body.replace('{', "{ console.error('in the hook');")}`);
			if (name === 'on_exit') await server.logged(/Booting worker/);
			else await server.logged(/in the hook/);
			await endsWell(server);
			assert.match(server.log, /Shutting down: Master/);
			if (name === 'on_exit') assert.match(server.log, /\[ERROR\] Hook on_exit of .* failed: it did not end within 10 s/);
		};
		await Promise.all([
			during('on_starting', HANGING),
			during('when_ready', SPINNING),
			during('on_exit', HANGING),
			during('on_exit', SPINNING),
		]);
	});

	test('A config file that cannot be used is one line that names it, and the status 1', async () => {
		const endings = WRONG.map(async ([config, line]) => {
			await using server = start(config);
			assert.equal(await server.exitStatus(), 1, server.log);
			assert.match(server.log, line);
		});
		await Promise.all(endings);
	});
});
