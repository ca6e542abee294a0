import assert from 'node:assert/strict';
import http from 'node:http';
import { join } from 'node:path';
import { test } from 'node:test';
import { halt } from '../support/process-figures.js';
import { projectPath } from '../support/project.js';
import { type Answer, get, PLAIN, PLAIN_APP, RawClient, TestServer } from '../support/server.js';

const ANY_PORT = ['-b', '127.0.0.1:0'];
const SERVE = [...ANY_PORT, ...PLAIN, PLAIN_APP];
/** For connections that must not be closed for being idle, however slow the machine is. */
const KEEPING = ['--keep-alive', '60', ...SERVE];

async function refusesConnections(port: number): Promise<boolean> {
	const answer: Answer | NodeJS.ErrnoException = await get({ port }).catch((error: NodeJS.ErrnoException) => error);
	return 'code' in answer && answer.code === 'ECONNREFUSED';
}

for (const [path, body] of [
	['/hold', 'done'],
	['/half', 'first done'],
] as const) {
	test(`TERM lets ${path} finish, refuses new connections meanwhile and exits with 0`, async () => {
		await using server = new TestServer(SERVE);
		const answer = server.get(server.pathUntil(path, 'go'), { headers: { connection: 'keep-alive' } });
		await server.logged(/holding/);
		server.kill('SIGTERM');
		await server.logged(/Handling signal: term/);
		const port = await server.port();
		while (!(await refusesConnections(port))) assert.doesNotMatch(server.log, /Worker exiting/);
		server.write('go');
		const { headers, ...rest } = await answer;
		assert.deepEqual(rest, { status: 200, body });
		// The header of the half answer had left before the signal.
		assert.equal(headers.connection, path === '/hold' ? 'close' : 'keep-alive');
		assert.equal(await server.exitStatus(), 0);
	});
}

test('TERM resets no keep-alive connection whose next request is in the kernel already', async () => {
	await using server = new TestServer(KEEPING);
	const port = await server.port();
	const clients = await Promise.all(Array.from({ length: 20 }, () => RawClient.connect(port)));
	for (const client of clients) client.send('/');
	await Promise.all(clients.map((client) => client.received(/done/)));
	const [worker = 0] = server.workerPids;
	await halt(worker);
	for (const client of clients) client.send('/pid');
	server.kill('SIGTERM');
	await server.logged(/Handling signal: term/);
	process.kill(worker, 'SIGCONT');
	for (const client of clients) assert.match(await client.end(), new RegExp(`done[\\s\\S]*\\r\\n\\r\\n${worker}$`));
	assert.equal(await server.exitStatus(), 0);
});

test('TERM answers connections that still wait to be accepted', async () => {
	await using server = new TestServer(SERVE);
	const { body: worker } = await server.get('/pid');
	const port = await server.port();
	await halt(Number(worker));
	const clients = await Promise.all(Array.from({ length: 20 }, () => RawClient.connect(port)));
	for (const client of clients) client.send('/');
	server.kill('SIGTERM');
	await server.logged(/Handling signal: term/);
	process.kill(Number(worker), 'SIGCONT');
	for (const client of clients) assert.match(await client.end(), /done/);
	assert.equal(await server.exitStatus(), 0);
});

test('TERM gives idle connections a moment, then closes them without a reset', async () => {
	await using server = new TestServer(KEEPING);
	using silent = await RawClient.connect(await server.port());
	using idle = await RawClient.connect(await server.port());
	idle.send('/');
	await idle.received(/done/);
	server.kill('SIGTERM');
	assert.equal(await silent.end(), '');
	assert.match(await idle.end(), /done/);
	assert.equal(await server.exitStatus(), 0);
});

test('A worker whose requests outlast graceful_timeout cuts them off and says so', async () => {
	await using server = new TestServer(['--graceful-timeout', '0.3', ...SERVE]);
	const answer = server.get(server.pathUntil('/hold', 'never'));
	await server.logged(/holding/);
	const [worker = 0] = server.workerPids;
	// Not to the server, which would kill a worker that gets no time to say so.
	process.kill(worker, 'SIGTERM');
	await assert.rejects(answer, { code: 'ECONNRESET' });
	await server.logged(new RegExp(`\\[WARNING\\] Worker graceful timeout \\(pid: ${worker}\\), 1 connections are cut off`));
	await server.logged(new RegExp(`Worker exiting \\(pid: ${worker}\\)`));
	server.kill('SIGTERM');
	assert.equal(await server.exitStatus(), 0);
});

test('A worker that does not answer signals is killed in the end', async () => {
	await using server = new TestServer(['--graceful-timeout', '0', ...SERVE]);
	const { body: worker } = await server.get('/pid');
	await halt(Number(worker));
	server.kill('SIGTERM');
	assert.equal(await server.exitStatus(), 0);
	assert.match(server.log, new RegExp(`Worker \\(pid:${worker}\\) did not leave in time and is killed`));
});

test('A worker that cannot exit, because a thread never returns, is killed', async () => {
	const worker = projectPath('dist/test/fixtures/stuck-worker.js');
	const files = { 'app.mjs': 'export const app = (req, res) => res.end()' };
	await using server = new TestServer((folder) => [...ANY_PORT, '-k', worker, join(folder, 'app.mjs')], { files });
	await server.get('/');
	server.kill('SIGTERM');
	assert.equal(await server.exitStatus(), 0);
	assert.match(server.log, /Worker exiting \(pid: \d+\)\n.*Worker \(pid:\d+\) did not leave in time and is killed/);
});

for (const signal of ['SIGINT', 'SIGQUIT'] as const) {
	test(`${signal} ends the server at once, requests or not`, async () => {
		await using server = new TestServer(['-w', '2', ...SERVE]);
		const answer = server.get(server.pathUntil('/hold', 'never'));
		await server.logged(/holding/);
		server.kill(signal);
		await assert.rejects(answer, { code: 'ECONNRESET' });
		assert.equal(await server.exitStatus(), 0);
	});
}

test('INT cuts a graceful stop short', async () => {
	await using server = new TestServer(SERVE);
	const answer = server.get(server.pathUntil('/hold', 'never'));
	await server.logged(/holding/);
	server.kill('SIGTERM');
	await server.logged(/Handling signal: term/);
	server.kill('SIGINT');
	await assert.rejects(answer, { code: 'ECONNRESET' });
	assert.equal(await server.exitStatus(), 0);
});

test('Ctrl-C ends a serving group, and nothing is respawned', async () => {
	await using server = new TestServer(['-w', '2', ...SERVE]);
	await server.logged(/Booting worker/, 2);
	await server.get('/');
	server.killGroup('SIGINT');
	assert.equal(await server.exitStatus(), 0);
	assert.equal(server.workerPids.length, 2);
	assert.doesNotMatch(server.log, /ERROR/);
});

for (const moment of [/Starting tsgunicorn/, /Using worker/, /Booting worker/]) {
	test(`Ctrl-C and TERM at ${moment} are no failed boot`, async () => {
		await using group = new TestServer(['-w', '2', ...SERVE]);
		await using alone = new TestServer(['-w', '2', ...SERVE]);
		await Promise.all([group.logged(moment).then(() => group.killGroup('SIGINT')), alone.logged(moment).then(() => alone.kill('SIGTERM'))]);
		for (const server of [group, alone]) {
			assert.equal(await server.exitStatus(), 0);
			assert.doesNotMatch(server.log, /ERROR/);
		}
	});
}

test('A worker stops to accept and starts again on descriptor 0, without losing anybody', async () => {
	await using server = new TestServer([...ANY_PORT, '-k', projectPath('dist/test/fixtures/pausing-worker.js'), PLAIN_APP]);
	const held = server.get(server.pathUntil('/hold', 'go'));
	await server.logged(/holding \/hold/);
	const waiting = Array.from({ length: 10 }, () => server.get('/pid'));
	using queued = await RawClient.connect(await server.port());
	queued.send('/');
	server.write('go');
	assert.equal((await held).body, 'done');
	for (const answer of await Promise.all(waiting)) assert.equal(answer.status, 200);
	assert.match(await queued.received(/done/), /done/);
});

test('What a worker does not accept, another one does', async () => {
	await using server = new TestServer(['-w', '2', ...ANY_PORT, '-k', projectPath('dist/test/fixtures/pausing-worker.js'), PLAIN_APP]);
	const held = server.get(server.pathUntil('/hold', 'go'));
	await server.logged(/holding \/hold/);
	const pids = new Set<string>();
	for (let round = 0; round < 5; round++) pids.add((await server.get('/pid')).body);
	assert.equal(pids.size, 1);
	server.write('go');
	await held;
});

test('A request that no server could read is answered with 400 and logged nowhere as a crash', async () => {
	await using server = new TestServer(SERVE);
	using client = await RawClient.connect(await server.port());
	client.socket.write('NONSENSE\r\n\r\n');
	assert.match(await client.end(), /^HTTP\/1\.1 400 Bad Request/);
	assert.equal((await server.get('/')).status, 200);
});

test('Without keep-alive every answer closes its connection', async () => {
	await using server = new TestServer(['--keep-alive', '0', ...SERVE]);
	using agent = new (class extends http.Agent implements Disposable {
		[Symbol.dispose](): void {
			this.destroy();
		}
	})({ keepAlive: true });
	assert.equal((await server.get('/', { agent })).headers.connection, 'close');
});

test('A header that is on its way at TERM is answered', async () => {
	await using server = new TestServer(KEEPING);
	using slow = await RawClient.connect(await server.port());
	slow.send('/');
	await slow.received(/done/);
	slow.socket.write('GET /pid HTTP/1.1\r\nHost:');
	server.kill('SIGTERM');
	await server.logged(/Handling signal: term/);
	slow.socket.write(' app\r\n\r\n');
	assert.match(await slow.end(), /done[\s\S]*\r\n\r\n\d+$/);
	assert.equal(await server.exitStatus(), 0);
	assert.doesNotMatch(server.log, /graceful timeout/);
});

test('A header that never ends is not waited for at TERM', async () => {
	await using server = new TestServer(['--header-timeout', '1', ...KEEPING]);
	using endless = await RawClient.connect(await server.port());
	endless.send('/');
	await endless.received(/done/);
	endless.socket.write('GET /pid HTTP/1.1\r\nHost:');
	server.kill('SIGTERM');
	assert.match(await endless.end(), /done($|HTTP\/1\.1 408)/);
	assert.equal(await server.exitStatus(), 0);
	assert.doesNotMatch(server.log, /graceful timeout/);
});

test('A header that never ends is cut off while serving, too', async () => {
	await using server = new TestServer(['--header-timeout', '0.5', ...SERVE]);
	using endless = await RawClient.connect(await server.port());
	endless.socket.write('GET /pid HTTP/1.1\r\nHost:');
	assert.match(await endless.end(), /^HTTP\/1\.1 408/);
});
