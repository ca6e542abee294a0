import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import net from 'node:net';
import { test } from 'node:test';
import { LocalServer } from '../../support/local-server.js';
import { RawClient, TestServer } from '../../support/server.js';

const MB = 1024 * 1024;
const UPLOAD = Buffer.alloc(20 * MB, 'x');
const ASYNC = ['-k', 'async', '--bind', '127.0.0.1:0', 'dist/test/fixtures/async-app.js:handler'];

function hello(_request: IncomingMessage, response: ServerResponse): void {
	response.end('hello');
}

/** Writes all of it before it reads a byte, as many simple clients do; returns the answer. */
async function upload(port: number, head: string, body: Buffer = UPLOAD): Promise<string> {
	const socket = net.connect(port, '127.0.0.1').pause();
	await once(socket, 'connect');
	await new Promise<void>((resolve, reject) => {
		socket.once('error', reject);
		socket.write(head);
		socket.write(body, () => resolve());
	});
	using client = new RawClient(socket);
	socket.resume();
	return await client.end();
}

const post = (fields: string) => `POST / HTTP/1.1\r\nContent-Length: ${UPLOAD.length}\r\n${fields}\r\n`;
const CHUNKED = 'POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n';

test('A client that reads only after its upload has the answer that refuses it', async () => {
	await using server = await LocalServer.start(hello);
	const cases: Record<string, number> = {
		[post('Content-Type: a\r\nContent-Type: b\r\n')]: 400,
		[post('Expect: the-unexpected\r\n')]: 417,
		[post('Upgrade: websocket\r\nConnection: Upgrade\r\n')]: 501,
		[post(`A: ${'b'.repeat(9_000)}\r\n`)]: 431,
		'CONNECT app:443 HTTP/1.1\r\n\r\n': 501,
		'GARBAGE\r\n\r\n': 400,
	};
	for (const [head, status] of Object.entries(cases))
		assert.match(
			await upload(server.port, head),
			new RegExp(`^HTTP/1\\.1 ${status} [\\s\\S]*\r\nConnection: close\r\n`),
			head.slice(0, 60),
		);
});

test('A body that cannot be read is refused in the same way, and its handler hears at once that the client has left', async () => {
	let aborted: Promise<unknown> | undefined;
	const handler = async (request: IncomingMessage & { signal?: AbortSignal }) => {
		aborted = once(request.signal as AbortSignal, 'abort');
		for await (const _ of request);
	};
	await using server = await LocalServer.start(handler);
	assert.match(await upload(server.port, `${CHUNKED}5;${'e'.repeat(20_000)}\r\n`), /^HTTP\/1\.1 413 /);
	await aborted;
	assert.match(await upload(server.port, `${CHUNKED}5\r\nhellO, this is longer\r\n`), /^HTTP\/1\.1 400 /);
	await aborted;
});

test('An answer before the end of the upload arrives on a connection that ends with it', async () => {
	await using server = await LocalServer.start(hello);
	assert.match(await upload(server.port, post('Connection: close\r\n')), /hello$/);
});

for (const kind of ['sync', 'gevent'])
	test(`A handler that answers without reading is heard, and its place is free at once: ${kind}`, async () => {
		await using server = new TestServer([
			'-k',
			kind,
			'--keep-alive',
			'0',
			'--bind',
			'127.0.0.1:0',
			'dist/test/fixtures/load-app.js:handler',
		]);
		const port = await server.port();
		for (const _ of [1, 2]) assert.match(await upload(port, post('')), /\r\n\r\n(?:\d+|[\s\S]*\r\n\d+\r\n0\r\n\r\n)$/);
		// One that goes on for a while does not keep the others waiting.
		const slow = net.connect(port, '127.0.0.1');
		slow.on('error', () => undefined).write(post(''));
		await once(slow, 'data');
		assert.equal((await server.get('/')).status, 200);
		slow.destroy();
	});

test('Nothing that comes after a refusal is served', async () => {
	const served: (string | undefined)[] = [];
	await using server = await LocalServer.start((request, response) => {
		served.push(request.url);
		response.end();
	});
	const answer = await server.exchange('POST / HTTP/1.1\r\nExpect: a\r\nContent-Length: 2\r\n\r\n');
	assert.match(answer, /^HTTP\/1\.1 417 /);
	const more = await upload(server.port, post('Expect: a\r\n'), Buffer.concat([UPLOAD, Buffer.from('GET /next HTTP/1.1\r\n\r\n')]));
	assert.match(more, /^HTTP\/1\.1 417 /);
	assert.equal(more.match(/HTTP\/1\.1/g)?.length, 1);
	assert.deepEqual(served, []);
});

test('A client that goes on for ever is cut off', async () => {
	await using server = await LocalServer.start(hello);
	const socket = net.connect({ port: server.port, host: '127.0.0.1', allowHalfOpen: true });
	const closed = new Promise<void>((resolve) => socket.on('error', () => undefined).once('close', () => resolve()));
	await once(socket, 'connect');
	socket.write('GARBAGE\r\n\r\n');
	const write = () => {
		while (!socket.destroyed && socket.write(UPLOAD));
	};
	socket.on('drain', write).on('data', () => undefined);
	write();
	await closed;
});

test('A worker that is told to leave lets a refused client have its answer', async () => {
	await using server = new TestServer(ASYNC);
	await server.logged(/Booting worker/);
	const port = await server.port();
	const socket = net.connect(port, '127.0.0.1').pause();
	await once(socket, 'connect');
	socket.write(post('Content-Type: a\r\nContent-Type: b\r\n'));
	await server.logged(/Invalid request/);
	server.kill('SIGTERM');
	await server.logged(/Worker exiting|Handling signal: term/);
	await new Promise<void>((resolve, reject) => {
		socket.once('error', reject);
		socket.write(UPLOAD, () => resolve());
	});
	using client = new RawClient(socket);
	socket.resume();
	assert.match(await client.end(), /^HTTP\/1\.1 400 /);
	assert.equal(await server.exitStatus(), 0);
});

test('A refused client that stays keeps no worker beyond graceful_timeout', async () => {
	await using server = new TestServer(['--graceful-timeout', '1', ...ASYNC]);
	const socket = net.connect({ port: await server.port(), host: '127.0.0.1', allowHalfOpen: true });
	try {
		socket.on('error', () => undefined).resume();
		await once(socket, 'connect');
		socket.write('GARBAGE\r\n\r\n');
		await once(socket, 'end');
		server.kill('SIGTERM');
		assert.equal(await server.exitStatus(), 0);
	} finally {
		socket.destroy();
	}
});
