import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { halt } from '../support/process-figures.js';
import { projectPath } from '../support/project.js';
import { get, RawClient, TestServer } from '../support/server.js';

const APP = `${projectPath('dist/test/fixtures/faulty-app.js')}:handler`;
const SERVE = ['-k', 'gevent', '-b', '127.0.0.1:0', APP];

test('Requests beyond --worker-connections wait and are served in their turn', async () => {
	await using server = new TestServer(['--worker-connections', '3', '--keep-alive', '30', ...SERVE]);
	const port = await server.port();
	const clients = await Promise.all(Array.from({ length: 8 }, () => RawClient.connect(port)));
	for (const client of clients) {
		client.send('/pid');
		await client.received(/\r\n\r\n\d+$/);
	}
	for (const client of clients) client.send(server.pathUntil('/hold', 'go'));
	await server.logged(/begin \/hold/, 3);
	using unread = clients[7] as RawClient;
	// Goes through the same loop as the five that wait, and needs no greenlet.
	unread.socket.write('NONSENSE\r\n\r\n');
	await server.logged(/Invalid request/);
	assert.equal(server.log.match(/begin \/hold/g)?.length, 3);
	server.write('go');
	await Promise.all(clients.slice(0, 7).map((client) => client.received(/held$/)));
	for (const client of clients) client.socket.destroy();
});

test('TERM answers what is in flight and what is in the kernel already, without a reset', async () => {
	await using server = new TestServer(['--keep-alive', '60', ...SERVE]);
	const port = await server.port();
	const held = server.get(server.pathUntil('/hold', 'go'));
	await server.logged(/begin \/hold/);
	const clients = await Promise.all(Array.from({ length: 10 }, () => RawClient.connect(port)));
	for (const client of clients) client.send('/mark');
	await Promise.all(clients.map((client) => client.received(/marked$/)));
	const [worker = 0] = server.workerPids;
	await halt(worker);
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
