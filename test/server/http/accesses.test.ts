import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { ResponseMeter } from '../../../src/server/http/response-meter.js';
import { compileAccessFormat } from '../../../src/server/log/access-format.js';
import { LocalServer } from '../../support/local-server.js';

const ID = '[\\da-f]{8}(-[\\da-f]{4}){3}-[\\da-f]{12}';

function get(path: string, fields = ''): string {
	return `GET ${path} HTTP/1.1\r\n${fields}Connection: close\r\n\r\n`;
}

test('An access has the status, the header and the length of its response, and how long it took', async () => {
	const handler = async (_request: IncomingMessage, response: ServerResponse) => {
		await delay(20);
		response.writeHead(201, { 'X-Made': 'yes', 'Content-Length': 5 }).end('hello');
	};
	await using server = await LocalServer.start(handler);
	const before = Date.now();
	await server.exchange(get('/one'));
	const [access] = await server.heard(1);
	assert.equal(access?.request.url, '/one');
	assert.equal(access?.status, 201);
	assert.match(access?.head ?? '', /^HTTP\/1\.1 201 Created\r\nX-Made: yes\r\n[\s\S]*\r\n\r\n$/);
	assert.equal(access?.bytes, 5);
	assert.ok((access?.durationMs ?? 0) >= 19);
	assert.ok((access?.startedAt ?? 0) >= before);
	assert.equal(access?.requestId, '');
});

test('A client that has left before its answer is named all the same', async () => {
	let served: (request: IncomingMessage) => void = () => undefined;
	const begun = new Promise<IncomingMessage>((resolve) => {
		served = resolve;
	});
	await using server = await LocalServer.start((request) => {
		served(request);
		return new Promise(() => undefined);
	});
	const client = await server.connect();
	client.socket.write(get('/'));
	const { socket } = await begun;
	const closed = once(socket, 'close');
	client.socket.destroy();
	await closed;
	const [access] = await server.heard(1);
	assert.ok(access);
	const format = compileAccessFormat('%(h)s %(s)s');
	assert.equal(format({ ...access, head: () => access.head }), '127.0.0.1 -');
});

test('Each request on a connection counts its own bytes', async () => {
	const handler = (request: IncomingMessage, response: ServerResponse) => response.end('x'.repeat(Number(request.url?.slice(1))));
	await using server = await LocalServer.start(handler);
	using client = await server.connect();
	for (const [index, size] of [10, 0, 300].entries()) {
		client.send(`/${size}`);
		await server.heard(index + 1);
	}
	assert.deepEqual(
		server.accesses.map(({ bytes }) => bytes),
		[10, 0, 300],
	);
});

test('A request id comes with the request when it is safe, and is made up otherwise', async () => {
	const handler = (request: IncomingMessage, response: ServerResponse) => response.end(String(request.headers['x-request-id']));
	await using server = await LocalServer.start(handler, {}, { wantsRequestId: true });
	await server.exchange(get('/', 'X-Request-Id: abc-123\r\n'));
	await server.exchange(get('/', 'X-Request-Id: a"b\r\n'));
	await server.exchange(get('/', `X-Request-Id: ${'a'.repeat(129)}\r\n`));
	const own = await server.exchange(get('/'));
	const ids = (await server.heard(4)).map(({ requestId }) => requestId);
	assert.equal(ids[0], 'abc-123');
	for (const id of ids.slice(1)) assert.match(id, new RegExp(`^${ID}$`));
	assert.ok(own.endsWith(ids[3] as string), 'the app finds the id that was made up in the same header field');
});

test('request_id_header names the field, and nothing is made up when no log shows it', async () => {
	const handler = (request: IncomingMessage, response: ServerResponse) => response.end(String(request.headers['x-trace']));
	await using server = await LocalServer.start(handler, { request_id_header: 'X-Trace' }, { wantsRequestId: true });
	await server.exchange(get('/', 'X-Trace: t1\r\n'));
	assert.equal((await server.heard(1))[0]?.requestId, 't1');
	await using silent = await LocalServer.start(handler, { request_id_header: 'X-Trace' });
	assert.match(await silent.exchange(get('/')), /undefined$/);
});

function measure(...parts: string[]): { status: number; head: string; bytes: number } {
	const meter = new ResponseMeter();
	for (const part of parts) meter.add(Buffer.from(part, 'latin1'));
	const { status, head, bytes } = meter.measured;
	return { status, head: head(), bytes };
}

test('A response is measured by its bytes, however they are cut', () => {
	const head = 'HTTP/1.1 200 OK\r\nA: \xe9\r\n\r\n';
	const whole = { status: 200, head, bytes: 4 };
	assert.deepEqual(measure(`${head}body`), whole);
	assert.deepEqual(measure(...`${head}body`), whole);
	assert.deepEqual(measure(head, 'bo', 'dy'), whole);
	const hint = 'HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n';
	assert.deepEqual(measure(`${hint}${head}body`), whole);
	assert.deepEqual(measure(hint, head, 'body'), whole);
	assert.deepEqual(measure(hint), { status: 0, head: '', bytes: 0 });
	assert.deepEqual(measure(), { status: 0, head: '', bytes: 0 });
});

test('An expectation that nobody can meet is refused, and recorded as any request', async () => {
	await using server = await LocalServer.start(() => undefined);
	const answer = await server.exchange('POST / HTTP/1.1\r\nExpect: the-unexpected\r\nContent-Length: 5\r\n\r\n');
	assert.match(answer, /^HTTP\/1\.1 417 Expectation Failed\r\nConnection: close\r\n/);
	assert.equal((await server.heard(1))[0]?.status, 417);
});

test('An id that is made up does not count as a field of the request', async () => {
	const handler = (_request: IncomingMessage, response: ServerResponse) => response.end();
	await using server = await LocalServer.start(handler, { limit_request_fields: 2 }, { wantsRequestId: true });
	assert.match(await server.exchange(get('/', 'A: b\r\n')), / 200 /);
});

test('What a client asks to upgrade to steers no terminal through the log', async () => {
	await using server = await LocalServer.start(() => undefined);
	using client = await server.connect();
	client.socket.write(Buffer.from('GET / HTTP/1.1\r\nConnection: upgrade\r\nUpgrade: a\x9b31m\r\n\r\n', 'latin1'));
	await client.end();
	assert.deepEqual(server.log.lines, ['WARNING Invalid request from ip=127.0.0.1: the connection cannot be upgraded to "a\\u009b31m"']);
});

/** What a log would have of the only request, in a format of its own. */
async function recorded(server: LocalServer, text: string): Promise<string> {
	const answer = await server.exchange(text);
	const [access] = await server.heard(1);
	assert.ok(access);
	assert.equal(access.bytes, answer.length - answer.indexOf('\r\n\r\n') - 4, 'the length of the body as the client sees it');
	return compileAccessFormat('%(h)s "%(r)s" %(s)s %(m)s %(U)s %(H)s')({ ...access, head: () => access.head });
}

test('A request that cannot be read is recorded with as much of its first line as has come', async () => {
	const cases: Record<string, string> = {
		'GARBAGE\r\n\r\n': '127.0.0.1 "GARBAGE" 400 - - -',
		'\x16\x03\x01\x02"\n': '127.0.0.1 "\\x16\\x03\\x01\\x02\\"" 400 - - -',
		'GET /a HTTP/1.1\r\nA b\r\n\r\n': '127.0.0.1 "GET /a HTTP/1.1" 400 - - -',
	};
	for (const [text, line] of Object.entries(cases)) {
		await using server = await LocalServer.start((_request, response) => response.end());
		assert.equal(await recorded(server, text), line);
	}
});

test('What comes behind another request and cannot be read is recorded without a line', async () => {
	await using server = await LocalServer.start((_request, response) => response.end());
	await server.exchange('GET / HTTP/1.1\r\n\r\nGARBAGE\r\n\r\n');
	const lines = (await server.heard(2)).map((access) => compileAccessFormat('"%(r)s" %(s)s')({ ...access, head: () => access.head }));
	assert.deepEqual(lines, ['"GET / HTTP/1.1" 200', '"-" 400']);
});

test('A header that comes too slowly is recorded, and one of which nothing came is not', async () => {
	await using server = await LocalServer.start((_request, response) => response.end(), { header_timeout: 0.1 });
	await server.exchange('');
	assert.equal(await recorded(server, 'GET / HT'), '127.0.0.1 "-" 408 - - -');
	assert.equal(server.accesses.length, 1);
});

test('A body that comes too slowly is recorded with what it was answered', async () => {
	const handler = async (request: IncomingMessage) => {
		for await (const _ of request);
	};
	await using server = await LocalServer.start(handler, { body_timeout: 0.1 });
	assert.equal(
		await recorded(server, 'POST /a HTTP/1.1\r\nContent-Length: 5\r\n\r\n'),
		'127.0.0.1 "POST /a HTTP/1.1" 408 POST /a HTTP/1.1',
	);
	assert.match(server.accesses[0]?.head ?? '', /^HTTP\/1\.1 408 Request Timeout\r\nConnection: close\r\n/);
});

test('CONNECT is recorded', async () => {
	await using server = await LocalServer.start((_request, response) => response.end());
	assert.equal(
		await recorded(server, 'CONNECT app:443 HTTP/1.1\r\n\r\n'),
		'127.0.0.1 "CONNECT app:443 HTTP/1.1" 501 CONNECT app:443 HTTP/1.1',
	);
});

test('An answer to an unfinished upload counts its bytes', async () => {
	await using server = await LocalServer.start((_request, response) =>
		response.writeHead(413, { Connection: 'close', 'Content-Length': 8 }).end('too much'),
	);
	await server.exchange('POST / HTTP/1.1\r\nContent-Length: 1000\r\n\r\nabc');
	const [access] = await server.heard(1);
	assert.deepEqual([access?.status, access?.bytes], [413, 8]);
});
