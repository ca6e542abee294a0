import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { LocalServer } from '../../support/local-server.js';
import type { RawClient } from '../../support/server.js';

const POST = 'POST / HTTP/1.1\r\nContent-Length: 100\r\n\r\n';

function hello(_request: IncomingMessage, response: ServerResponse): void {
	response.end('hello');
}

async function count(request: IncomingMessage, response: ServerResponse): Promise<void> {
	response.end(String((await buffer(request)).length));
}

/** Sends one byte after the other, as slowly as that, until the connection has gone. */
async function trickle(client: RawClient, text: string, ms: number): Promise<void> {
	for (const letter of text) {
		if (client.socket.destroyed || !client.socket.writable) return;
		client.socket.write(letter);
		await delay(ms);
	}
}

test('A header that does not become complete is answered with 408', async () => {
	await using server = await LocalServer.start(hello, { header_timeout: 0.2 });
	const answer = await server.exchange('GET / HTTP/1.1\r\nA: b');
	assert.match(answer, /^HTTP\/1\.1 408 Request Timeout\r\nConnection: close\r\n[\s\S]*not complete after 0\.2 s\n$/);
	assert.deepEqual(server.log.lines, [
		'WARNING Closed the connection of 127.0.0.1: the header of the request was not complete after 0.2 s (header_timeout)',
	]);
});

test('A header that trickles in is answered with 408 all the same, on a connection that has had requests', async () => {
	await using server = await LocalServer.start(hello, { header_timeout: 0.2 });
	server.http.keepAliveTimeout = 60_000;
	using client = await server.connect();
	client.send('/');
	await client.received(/hello$/);
	const begun = performance.now();
	await Promise.all([client.end(), trickle(client, 'GET / HTTP/1.1\r\nA: bcdefghijklmnopqrstuvwxyz', 20)]);
	assert.match(await client.end(), /hello[\s\S]*408 Request Timeout/);
	assert.ok(performance.now() - begun >= 200);
});

test('Many slow connections are one line in the log', async () => {
	await using server = await LocalServer.start(hello, { header_timeout: 0.3 });
	const clients = await Promise.all(Array.from({ length: 20 }, () => server.connect()));
	for (const client of clients) client.socket.write('GET');
	for (const client of clients) assert.match(await client.end(), /408/);
	assert.ok(server.log.lines.length < 20, server.log.lines.join('\n'));
	assert.match(server.log.lines.join('\n'), /Closed \d+ connections, one of them of 127\.0\.0\.1: the header/);
});

test('A connection on which nothing comes is closed without a word', async () => {
	await using server = await LocalServer.start(hello, { header_timeout: 0.2 });
	assert.equal(await server.exchange(''), '');
	assert.deepEqual(server.log.lines, []);
});

test('An idle connection is not held to the time of a header', async () => {
	await using server = await LocalServer.start(hello, { header_timeout: 0.1 });
	server.http.keepAliveTimeout = 60_000;
	using client = await server.connect();
	client.send('/');
	await client.received(/hello$/);
	await delay(300);
	client.send('/');
	await client.received(/hello[\s\S]+hello$/);
});

test('Half a header behind an answered request does not hold its connection for ever', async () => {
	await using server = await LocalServer.start(hello, { header_timeout: 0.1 });
	server.http.keepAliveTimeout = 200;
	// Node's own timer of idle connections stops at the first byte of a header.
	const answer = await server.exchange('GET / HTTP/1.1\r\n\r\nGET / HT');
	assert.match(answer, /hello/);
});

test('A body of which no byte comes is answered with 408, and its handler hears that the client has left', async () => {
	let aborted: Promise<unknown> | undefined;
	const handler = async (request: IncomingMessage & { signal?: AbortSignal }) => {
		aborted = once(request.signal as AbortSignal, 'abort');
		await buffer(request);
	};
	await using server = await LocalServer.start(handler, { body_timeout: 0.2 });
	const answer = await server.exchange(`${POST}some of it`);
	assert.match(answer, /^HTTP\/1\.1 408[\s\S]*no byte of the request's body came for 0\.2 s\n$/);
	await aborted;
	assert.deepEqual(server.log.lines, [
		"WARNING Closed the connection of 127.0.0.1: no byte of the request's body came for 0.2 s (body_timeout)",
	]);
	assert.equal((await server.heard(1))[0]?.status, 408);
});

test('A body may take its time as long as it goes on coming', async () => {
	await using server = await LocalServer.start(count, { body_timeout: 0.2 });
	using client = await server.connect();
	client.socket.write('POST / HTTP/1.1\r\nContent-Length: 12\r\n\r\n');
	await trickle(client, 'twelve bytes', 50);
	await client.received(/12$/);
});

test('A body that goes on after its answer does not hold its connection for ever', async () => {
	await using server = await LocalServer.start(hello, { header_timeout: 0.2 });
	using client = await server.connect();
	client.socket.write(POST);
	await client.received(/hello$/);
	// A reset where a byte was on its way.
	const ended = client.end().catch(() => undefined);
	await Promise.all([ended, trickle(client, 'x'.repeat(99), 20)]);
});

test('A body that nobody reads yet may take any time', async () => {
	const handler = async (request: IncomingMessage, response: ServerResponse) => {
		await delay(300);
		await count(request, response);
	};
	await using server = await LocalServer.start(handler, { body_timeout: 0.1 });
	using client = await server.connect();
	client.socket.write(POST);
	await delay(200);
	client.socket.write('x'.repeat(100));
	await client.received(/100$/);
});

test('A response that has begun is cut off with the body it waits for', async () => {
	const handler = (request: IncomingMessage, response: ServerResponse) => {
		response.write('begun');
		request.resume();
	};
	await using server = await LocalServer.start(handler, { body_timeout: 0.1 });
	const answer = await server.exchange(POST);
	assert.match(answer, /begun/);
	assert.doesNotMatch(answer, /408/);
});

test('A client that reads nothing of its response is cut off, one that reads slowly is not', async () => {
	const size = 16_000_000;
	const handler = (_request: IncomingMessage, response: ServerResponse) => response.end(Buffer.alloc(size));
	// The kernel tells of progress only when much of its buffer is free again: the slow one may seem to stand still for a moment.
	await using server = await LocalServer.start(handler, { write_timeout: 2 });
	using deaf = await server.connect();
	deaf.socket.pause();
	using slow = await server.connect();
	let read = 0;
	slow.socket.on('data', (text: string) => {
		read += text.length;
		slow.socket.pause();
		setTimeout(() => slow.socket.resume(), 2);
	});
	slow.send('/');
	deaf.send('/deaf');
	await server.log.logged(/it took no byte of its response for 2 s \(write_timeout\)/);
	while (read < size) await once(slow.socket, 'data');
	const access = (await server.heard(2)).find(({ request }) => request.url === '/deaf');
	assert.equal(access?.request.socket.destroyed, true);
	assert.equal(server.log.lines.length, 1);
});

test('No client is blamed for a time in which the hub itself stood still', async () => {
	await using server = await LocalServer.start(count, { header_timeout: 0.2, body_timeout: 0.2 });
	using client = await server.connect();
	client.socket.write(POST);
	await once(server.http, 'request');
	for (const until = performance.now() + 600; performance.now() < until; );
	// After the look that comes first of all.
	await delay(30);
	client.socket.write('x'.repeat(100));
	await client.received(/100$/);
});

test('A deadline of 0 never passes', async () => {
	await using server = await LocalServer.start(count, { header_timeout: 0, body_timeout: 0, write_timeout: 0 });
	using client = await server.connect();
	client.socket.write('POST / HTTP/1.1\r\n');
	await delay(200);
	client.socket.write('Content-Length: 2\r\n\r\n');
	await delay(200);
	client.socket.write('ok');
	await client.received(/2$/);
	assert.deepEqual(server.log.lines, []);
});

test('The rest of a body whose request has been answered is no header that comes too slowly', async () => {
	const early = (_request: IncomingMessage, response: ServerResponse) => response.end('early');
	await using server = await LocalServer.start(early, { header_timeout: 0.2, body_timeout: 60 });
	server.http.keepAliveTimeout = 60_000;
	using client = await server.connect();
	client.socket.write('POST / HTTP/1.1\r\nContent-Length: 50\r\n\r\n');
	await client.received(/early$/);
	await trickle(client, 'x'.repeat(50), 20);
	client.send('/');
	await client.received(/early[\s\S]*early$/);
	assert.deepEqual(server.log.lines, []);
});
