import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { projectPath } from '../support/project.js';
import { PLAIN, TestServer } from '../support/server.js';

const GREENLETS = ['-k', 'gevent', '-b', '127.0.0.1:0', `${projectPath('dist/test/fixtures/stalling-app.js')}:handler`];
/** `/spin` blocks the hub for ever, and says so first. */
const APP = `
import { writeSync } from 'node:fs';
import { getHeapStatistics } from 'node:v8';
function spinForEver() { writeSync(2, 'spinning\\n'); for (;;); }
export function app(request, response) {
	if (request.url === '/spin') setImmediate(spinForEver);
	response.end(String(Math.round(getHeapStatistics().heap_size_limit / 1048576)));
}`;

function start(...args: readonly string[]): TestServer {
	return new TestServer((folder) => ['-b', '127.0.0.1:0', ...args, ...PLAIN, join(folder, 'app.mjs')], { files: { 'app.mjs': APP } });
}

/** Sends requests whose handlers never end; the connections are closed by the server. */
async function leaveRunning(server: TestServer, ...paths: readonly string[]): Promise<void> {
	for (const path of paths) {
		server.get(path).catch((error: NodeJS.ErrnoException) => assert.equal(error.code, 'ECONNRESET'));
		await server.logged(new RegExp(`began ${path}`));
	}
}

describe('stack_signal', () => {
	test('has the arbiter log where the hub and the greenlets of all its workers stand', async () => {
		await using server = new TestServer(['-w', '2', '--graceful-timeout', '0', ...GREENLETS]);
		await server.logged(/Booting worker/, 2);
		await leaveRunning(server, '/park', '/spin');
		const ask = (): void => server.kill('SIGURG');
		for (const pid of server.workerPids)
			await server.insist(ask, new RegExp(`Worker \\(pid:${pid}\\): Stacks of worker ${pid} \\(.+\\):\\nhub, the main thread:\\n {4}`));
		// A handler says that it begins before it parks, so that the first look may have come too early.
		await server.insist(
			ask,
			/\ngreenlet \d+ \(.*\/park.*\) on thread \d+ for \d+\.\d s, waits for sleep:\n(?: {4}at .*\n)*? {4}at waitForTheDatabase .*stalling-app/,
		);
		await server.insist(
			ask,
			/\ngreenlet \d+ \(.*\/spin.*\) on thread \d+ for \d+\.\d s, runs.*:\n(?: {4}at .*\n)*? {4}at computeForEver .*stalling-app/,
		);
		// Nobody minds.
		assert.equal((await server.get('/quick')).body, 'quick');
		assert.equal(server.workerPids.length, 2);
	});

	test('has a single worker log it, and may be another signal', async () => {
		await using server = new TestServer(['-w', '1', '--graceful-timeout', '0', '--stack-signal', 'SIGPIPE', ...GREENLETS]);
		await server.get('/quick');
		await leaveRunning(server, '/spin');
		const [pid = 0] = server.workerPids;
		await server.insist(
			() => process.kill(pid, 'SIGPIPE'),
			new RegExp(`Worker \\(pid:${pid}\\): Stacks of worker ${pid} \\(SIGPIPE\\):\\nhub, the main thread:\\n {4}`),
		);
	});

	test('works while a hub spins', async () => {
		await using server = start('--timeout', '0', '--graceful-timeout', '0');
		await server.get('/spin');
		await server.logged(/spinning/);
		await server.insist(
			() => server.kill('SIGURG'),
			/hub, the main thread:\n(?: {4}at .*\n)*? {4}at (?:Immediate\.)?spinForEver .*app\.mjs/,
		);
	});
});

test('heap_limit limits the heap of the worker', async () => {
	await using server = start('--heap-limit', '300');
	const megabytes = Number((await server.get('/')).body);
	// What V8 gives the youngest objects comes on top.
	assert.ok(megabytes >= 300 && megabytes < 600, `${megabytes} MB`);
});

/** The first of four ports that are free, below those that the system gives away by itself. */
async function freePorts(): Promise<number> {
	for (let base = 20_000 + (process.pid % 2_000) * 4; ; base += 4) {
		const servers = await Promise.all([0, 1, 2, 3].map((more) => tryPort(base + more)));
		for (const server of servers) server?.close();
		if (servers.every(Boolean)) return base;
	}
}

async function tryPort(port: number): Promise<net.Server | undefined> {
	const server = net.createServer().listen(port, '127.0.0.1');
	return once(server, 'listening').then(
		() => server,
		() => undefined,
	);
}

test('inspect gives every worker a port of its own, through a replacement as well, and the arbiter none', async () => {
	const port = await freePorts();
	await using server = start('-w', '2', '--log-level', 'debug', '--inspect', `127.0.0.1:${port}`);
	const ports = (): number[] =>
		[...server.log.matchAll(/Debugger listening on ws:\/\/127\.0\.0\.1:(\d+)\//g)].map(([, found]) => Number(found));
	await server.logged(/is ready/, 2);
	assert.deepEqual(ports().sort(), [port, port + 1], server.log);
	server.kill('SIGHUP');
	await server.logged(/Worker exiting/, 2);
	assert.deepEqual(ports().slice(2).sort(), [port + 2, port + 3]);
	assert.doesNotMatch(server.log, /address already in use/);
});
