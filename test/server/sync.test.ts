import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { projectPath } from '../support/project.js';
import { RawClient, TestServer } from '../support/server.js';

const SERVE = ['-k', 'sync', '-b', '127.0.0.1:0', `${projectPath('dist/test/fixtures/waiting-app.js')}:handler`];

/** Asks `name`, which is held until the file `file` exists in the server's folder. */
async function ask(server: TestServer, name: string, file: string): Promise<string> {
	const { body } = await server.get(`/${name}?${encodeURIComponent(join(server.folder, file))}`);
	return body;
}

test('A sync worker serves one request at a time', async () => {
	await using server = new TestServer(SERVE);
	const first = ask(server, 'first', 'go');
	await server.logged(/begin \/first/);
	const others = Promise.all(Array.from({ length: 5 }, () => ask(server, 'other', 'go')));
	server.write('go');
	await Promise.all([first, others]);
	assert.match(server.log, /begin \/first\nend \/first\n(begin \/other\nend \/other\n){5}/);
});

test('What a busy sync worker leaves in the kernel, another one serves', async () => {
	await using server = new TestServer(['-w', '2', ...SERVE]);
	server.write('now');
	const first = ask(server, 'first', 'go');
	await server.logged(/begin \/first/);
	const others = new Set<string>();
	for (let round = 0; round < 5; round++) others.add(await ask(server, 'other', 'now'));
	server.write('go');
	assert.equal(others.has(await first), false);
	assert.equal(others.size, 1);
});

test('A client that connects and says nothing does not hold a sync worker', async () => {
	await using server = new TestServer(SERVE);
	server.write('now');
	await ask(server, 'first', 'now');
	using _silent = await RawClient.connect(await server.port());
	await ask(server, 'second', 'now');
});

test('TERM lets a blocked handler finish', async () => {
	await using server = new TestServer(SERVE);
	const answer = ask(server, 'first', 'go');
	await server.logged(/begin \/first/);
	server.kill('SIGTERM');
	await server.logged(/Handling signal: term/);
	server.write('go');
	assert.match(await answer, /^\d+$/);
	assert.equal(await server.exitStatus(), 0);
});

test('A client that leaves does not take its handler out of the count', async () => {
	await using server = new TestServer(SERVE);
	const client = await RawClient.connect(await server.port());
	client.send(server.pathUntil('/left', 'go'));
	await server.logged(/begin \/left/);
	client.socket.destroy();
	const next = ask(server, 'next', 'go');
	// Accepted or not: the handler of the one who has left would have its whole time, if they ran at once.
	await assert.rejects(server.get('/', { timeout: 300, signal: AbortSignal.timeout(300) }));
	assert.doesNotMatch(server.log, /begin \/next/);
	server.write('go');
	await next;
	assert.match(server.log, /end \/left\nbegin \/next/);
});

test('A handler whose client has left costs the worker its life all the same when it takes longer than the timeout', async () => {
	await using server = new TestServer(['--timeout', '1', ...SERVE]);
	const client = await RawClient.connect(await server.port());
	client.send(server.pathUntil('/left', 'never'));
	await server.logged(/begin \/left/);
	client.socket.destroy();
	await server.logged(/WORKER TIMEOUT/);
});
