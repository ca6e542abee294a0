import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { projectPath } from '../support/project.js';
import { RawClient, TestServer } from '../support/server.js';

const APP = `${projectPath('dist/test/fixtures/timeout-app.js')}:handler`;
/** Each test shortens only what it is about: everything else is to survive a machine that is slow for a moment. */
const SERVE = ['-k', 'gevent', '-b', '127.0.0.1:0', APP];
const BODY = ['--body-timeout', '0.4', ...SERVE];

/** Sends one letter after the other until the connection has gone. */
async function trickle(client: RawClient, text: string): Promise<void> {
	for (const letter of text) {
		if (client.socket.destroyed || !client.socket.writable) return;
		client.socket.write(letter);
		await delay(50);
	}
}

test('A client that never reads loses its connection, and the handler that writes to it ends', async () => {
	await using server = new TestServer(['--write-timeout', '0.4', ...SERVE]);
	using client = await RawClient.connect(await server.port());
	client.socket.pause();
	client.send('/flood');
	await server.logged(/Closed the connection of 127\.0\.0\.1: it took no byte of its response for 0\.4 s \(write_timeout\)/);
	await server.logged(/the flood has ended/);
	assert.equal((await server.get('/quick')).body, 'quick');
	assert.doesNotMatch(server.log, /Error handling request/);
});

test('A body that does not come wakes the handler that reads it, and its client is told', async () => {
	await using server = new TestServer(BODY);
	using client = await RawClient.connect(await server.port());
	client.socket.write('POST /read HTTP/1.1\r\nContent-Length: 10\r\n\r\nhalf');
	assert.match(await client.end(), /^HTTP\/1\.1 408 Request Timeout\r\n/);
	await server.logged(/no byte of the request's body came for 0\.4 s \(body_timeout\)/);
	assert.equal((await server.get('/quick')).body, 'quick');
	assert.doesNotMatch(server.log, /ERROR/);
});

test('Slow headers and bodies end in their time although the server is stopping, and do not hold it up', async () => {
	await using server = new TestServer(['--graceful-timeout', '60', '--header-timeout', '2', ...BODY]);
	const port = await server.port();
	using header = await RawClient.connect(port);
	using body = await RawClient.connect(port);
	using half = await RawClient.connect(port);
	body.socket.write('POST /read HTTP/1.1\r\nContent-Length: 100\r\n\r\n');
	await server.logged(/reading/);
	server.kill('SIGTERM');
	await server.logged(/Handling signal: term/);
	half.socket.write('POST /read HTTP/1.1\r\nContent-Length: 100\r\n');
	await trickle(header, 'GET /quick HTTP/1.1\r\nX: abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz');
	assert.match(await body.end(), /^HTTP\/1\.1 408/);
	assert.doesNotMatch(await header.end(), /200 OK/);
	assert.doesNotMatch(await half.end(), /200 OK/);
	assert.equal(await server.exitStatus(), 0);
	assert.doesNotMatch(server.log, /graceful timeout/);
});

test('What a trusted proxy says of the scheme reaches a handler in its greenlet, and fields with an underscore do not', async () => {
	await using server = new TestServer(SERVE);
	assert.equal((await server.get('/scheme')).body, 'false');
	assert.equal((await server.get('/scheme', { headers: { 'X-Forwarded-Proto': 'https' } })).body, 'true');
	const { body } = await server.get('/fields', { headers: { X_Forged: 'yes', 'X-Real': 'yes' } });
	assert.deepEqual(Object.keys(JSON.parse(body)).sort(), ['connection', 'host', 'x-real']);
});

test('The access log has the status and the length of what greenlets and the server itself have answered', async () => {
	await using server = new TestServer(['--access-logfile', '-', '--access-logformat', '%(r)s -> %(s)s %(B)s', ...BODY]);
	await server.get('/quick');
	await server.get('/nowhere');
	using client = await RawClient.connect(await server.port());
	client.socket.write('POST /read HTTP/1.1\r\nContent-Length: 10\r\n\r\nhalf');
	await server.logged(/GET \/quick HTTP\/1\.1 -> 200 5\n/);
	await server.logged(/GET \/nowhere HTTP\/1\.1 -> 404 0\n/);
	await server.logged(/POST \/read HTTP\/1\.1 -> 408 62\n/);
});
