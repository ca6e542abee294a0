import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { projectPath } from '../support/project.js';
import { get, RawClient, TestServer } from '../support/server.js';

const APP = `${projectPath('dist/test/fixtures/faulty-app.js')}:handler`;
const SERVE = ['-k', 'gevent', '-b', '127.0.0.1:0', APP];

test('Requests beyond --worker-connections wait and are served in their turn', async () => {
	await using server = new TestServer(['--worker-connections', '3', ...SERVE]);
	const path = server.pathUntil('/hold', 'go');
	const answers = Array.from({ length: 8 }, () => server.get(path));
	await server.logged(/begin \/hold/, 3);
	// Goes through the same loop as the five that wait.
	assert.match(await rejected(server), /^HTTP\/1\.1 501/);
	assert.equal(server.log.match(/begin \/hold/g)?.length, 3);
	server.write('go');
	assert.deepEqual(new Set((await Promise.all(answers)).map(({ body }) => body)), new Set(['held']));
});

/** What the server says to CONNECT, for which it needs no greenlet. */
async function rejected(server: TestServer): Promise<string> {
	using client = await RawClient.connect(await server.port());
	client.socket.write('CONNECT app:443 HTTP/1.1\r\nHost: app\r\n\r\n');
	return await client.end();
}

test('A request that waits for a thread never starts once its client has left', async () => {
	await using server = new TestServer(['--worker-connections', '1', ...SERVE]);
	const held = server.get(server.pathUntil('/hold', 'go'));
	await server.logged(/begin \/hold/);
	const client = await RawClient.connect(await server.port());
	client.send('/mark');
	await rejected(server);
	client.socket.destroy();
	await rejected(server);
	server.write('go');
	assert.equal((await held).body, 'held');
	assert.equal((await server.get('/pid')).status, 200);
	assert.doesNotMatch(server.log, /begin \/mark/);
});

test('TERM answers what is in flight and what is in the kernel already, without a reset', async () => {
	await using server = new TestServer(SERVE);
	const port = await server.port();
	const held = server.get(server.pathUntil('/hold', 'go'));
	await server.logged(/begin \/hold/);
	const clients = await Promise.all(Array.from({ length: 10 }, () => RawClient.connect(port)));
	for (const client of clients) client.send('/mark');
	await Promise.all(clients.map((client) => client.received(/marked$/)));
	const [worker = 0] = server.workerPids;
	process.kill(worker, 'SIGSTOP');
	for (const client of clients) client.send('/pid');
	server.kill('SIGTERM');
	await server.logged(/Handling signal: term/);
	process.kill(worker, 'SIGCONT');
	for (const client of clients) assert.match(await client.end(), new RegExp(`marked[\\s\\S]*\\r\\n\\r\\n${worker}$`));
	server.write('go');
	assert.equal((await held).body, 'held');
	assert.equal(await server.exitStatus(), 0);
	assert.doesNotMatch(server.log, /graceful timeout/);
});

test('A gevent worker serves a Unix socket and a TCP port at once', async () => {
	await using server = new TestServer((folder) => ['-k', 'gevent', '-b', `unix:${folder}/app.sock`, '-b', '127.0.0.1:0', APP]);
	const port = await server.port();
	const socketPath = join(server.folder, 'app.sock');
	const answers = await Promise.all([get({ port, path: '/pid' }), get({ socketPath, path: '/pid' }), get({ socketPath, path: '/crowd' })]);
	const [worker] = server.workerPids;
	assert.deepEqual(
		answers.map(({ body }) => body),
		[String(worker), String(worker), 'done'],
	);
	server.kill('SIGTERM');
	assert.equal(await server.exitStatus(), 0);
});
