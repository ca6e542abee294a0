import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import type { Config } from '../../../src/server/config/config.js';
import { LocalServer } from '../../support/local-server.js';

/** Answers with what a handler sees of its request. */
function mirror(request: IncomingMessage, response: ServerResponse): void {
	const { rawHeaders, headers, headersDistinct } = request;
	const { encrypted = false } = request.socket as { encrypted?: boolean };
	response.end(JSON.stringify({ rawHeaders, headers, distinct: headersDistinct, encrypted }));
}

const CLOSE = 'Connection: close\r\n';

async function answers(settings: Partial<Config>, requests: Readonly<Record<string, number>>): Promise<void> {
	await using server = await LocalServer.start(mirror, settings);
	const given: Record<string, number> = {};
	for (const request of Object.keys(requests)) {
		const answer = await server.exchange(request);
		given[request] = Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1]);
		assert.match(answer, /\r\nConnection: close\r\n/);
	}
	assert.deepEqual(given, requests);
}

async function seen(settings: Partial<Config>, fields: string): Promise<ReturnType<typeof JSON.parse>> {
	await using server = await LocalServer.start(mirror, settings);
	const answer = await server.exchange(`GET / HTTP/1.1\r\n${fields}${CLOSE}\r\n`);
	return JSON.parse(answer.slice(answer.indexOf('\r\n\r\n')));
}

test('A request line may be as long as limit_request_line and no longer', async () => {
	const line = (bytes: number) => `GET /${'a'.repeat(bytes - 'GET / HTTP/1.1'.length)} HTTP/1.1\r\n${CLOSE}\r\n`;
	await answers({}, { [line(4094)]: 200, [line(4095)]: 400 });
	await answers({ limit_request_line: 20 }, { [line(20)]: 200, [line(21)]: 400 });
	await answers({ limit_request_line: 0 }, { [line(8190)]: 200, [line(8191)]: 400 });
});

test('Fields are limited in number and in size, and a header of any length is cut off', async () => {
	const fields = (count: number) => `GET / HTTP/1.1\r\n${CLOSE}${'A: b\r\n'.repeat(count - 1)}\r\n`;
	await answers({}, { [fields(100)]: 200, [fields(101)]: 431, [fields(2_000)]: 431 });
	await answers({ limit_request_fields: 2 }, { [fields(2)]: 200, [fields(3)]: 431 });
	const field = (bytes: number) => `GET / HTTP/1.1\r\n${CLOSE}A: ${'b'.repeat(bytes - 3)}\r\n\r\n`;
	await answers({}, { [field(8190)]: 200, [field(8191)]: 431 });
	await answers({ limit_request_field_size: 30 }, { [field(30)]: 200, [field(31)]: 431 });
	await answers({ limit_request_fields: 2, limit_request_field_size: 100 }, { [field(20_000)]: 431 });
});

test('What the parser lets through and gunicorn does not is refused', async () => {
	const get = (target: string, version = '1.1') => `GET ${target} HTTP/${version}\r\n${CLOSE}\r\n`;
	const chunked = (version: string, coding: string) => `POST / HTTP/${version}\r\nTransfer-Encoding: ${coding}\r\n${CLOSE}\r\n0\r\n\r\n`;
	await answers(
		{},
		{
			[get('/')]: 200,
			[get('http://app/path')]: 200,
			[get('*')]: 400,
			[`OPTIONS * HTTP/1.1\r\n${CLOSE}\r\n`]: 200,
			[get('/', '2.0')]: 400,
			[get('/', '0.9')]: 400,
			[`GET / HTTP/1.1\r\nHost: a\r\nhost: b\r\n${CLOSE}\r\n`]: 400,
			[`GET / HTTP/1.1\r\nContent-Type: a/b\r\nContent-Type: a/b\r\n${CLOSE}\r\n`]: 400,
			[chunked('1.1', 'chunked')]: 200,
			[chunked('1.0', 'chunked')]: 400,
			[chunked('1.1', 'gzip, chunked')]: 501,
			[`POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n${CLOSE}\r\n0\r\n\r\n`]: 400,
			'GET / HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n': 501,
			'CONNECT app:443 HTTP/1.1\r\n\r\n': 501,
			'get / HTTP/1.1\r\n\r\n': 400,
			'nonsense\r\n\r\n': 400,
		},
	);
});

test('A refusal says what is wrong, to the client and in the log', async () => {
	await using server = await LocalServer.start(mirror, { limit_request_line: 20 });
	const answer = await server.exchange('GET /abcdefghijklmnop HTTP/1.1\r\n\r\n');
	assert.match(answer, /\r\n\r\nBad Request: the request line is longer than 20 bytes\n$/);
	assert.deepEqual(server.log.lines, ['WARNING Invalid request from ip=127.0.0.1: the request line is longer than 20 bytes']);
	const [access] = await server.heard(1);
	assert.equal(access?.status, 400);
	assert.equal(access?.bytes, 'Bad Request: the request line is longer than 20 bytes\n'.length);
});

test('A client is asked for its body only when its request is served', async () => {
	await using server = await LocalServer.start(mirror);
	const expecting = (fields: string) => `POST / HTTP/1.1\r\n${fields}Expect: 100-continue\r\nContent-Length: 0\r\n${CLOSE}\r\n`;
	assert.match(await server.exchange(expecting('')), /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK\r\n/);
	assert.match(await server.exchange(expecting('Host: a\r\nHost: b\r\n')), /^HTTP\/1\.1 400 Bad Request\r\n/);
});

test('header_map drops, refuses or keeps fields with an underscore in their name', async () => {
	const fields = 'X_Forged: 1\r\nX-Real: 2\r\n';
	const dropped = await seen({}, fields);
	assert.deepEqual(dropped.rawHeaders, ['X-Real', '2', 'Connection', 'close']);
	assert.deepEqual(Object.keys(dropped.headers), ['x-real', 'connection']);
	assert.deepEqual(Object.keys(dropped.distinct), ['x-real', 'connection']);
	assert.equal((await seen({ header_map: 'dangerous' }, fields)).headers.x_forged, '1');
	await answers({ header_map: 'refuse' }, { [`GET / HTTP/1.1\r\n${fields}${CLOSE}\r\n`]: 400 });
});

test('A trusted proxy alone may send the fields of forwarder_headers', async () => {
	const fields = 'Script_Name: /app\r\nOther_Name: x\r\n';
	assert.deepEqual(Object.keys((await seen({}, fields)).headers), ['script_name', 'connection']);
	assert.deepEqual(Object.keys((await seen({ forwarded_allow_ips: ['10.0.0.0/8'] }, fields)).headers), ['connection']);
	const kept = await seen({ forwarder_headers: ['*'], forwarded_allow_ips: ['127.0.0.0/8'] }, fields);
	assert.deepEqual(Object.keys(kept.headers), ['script_name', 'other_name', 'connection']);
});

test('A trusted proxy says that its client came over https, request by request', async () => {
	assert.equal((await seen({}, 'X-Forwarded-Proto: https\r\n')).encrypted, true);
	assert.equal((await seen({}, 'X-Forwarded-Ssl: on\r\n')).encrypted, true);
	assert.equal((await seen({}, 'X-Forwarded-Proto: http\r\n')).encrypted, false);
	assert.equal((await seen({ forwarded_allow_ips: ['::1'] }, 'X-Forwarded-Proto: https\r\n')).encrypted, false);
	assert.equal((await seen({ forwarded_allow_ips: ['*'] }, 'X-Forwarded-Proto: https\r\n')).encrypted, true);
	assert.equal((await seen({ secure_scheme_headers: { 'X-TLS': '1' } }, 'X-Tls: 1\r\n')).encrypted, true);
	await answers({}, { [`GET / HTTP/1.1\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Ssl: off\r\n${CLOSE}\r\n`]: 400 });
	await using server = await LocalServer.start(mirror);
	using client = await server.connect();
	client.socket.write('GET / HTTP/1.1\r\nX-Forwarded-Proto: https\r\n\r\n');
	await client.received(/"encrypted":true/);
	client.send('/');
	await client.received(/"encrypted":false/);
});

test('The peers of a Unix socket are trusted', async () => {
	const folder = mkdtempSync(join(tmpdir(), 'guard-'));
	try {
		const path = join(folder, 'socket');
		await using _server = await LocalServer.start(mirror, { forwarded_allow_ips: [] }, { path });
		const socket = net.connect(path);
		socket.write(`GET / HTTP/1.1\r\nX-Forwarded-Proto: https\r\n${CLOSE}\r\n`);
		assert.match(await text(socket), /"encrypted":true/);
	} finally {
		rmSync(folder, { recursive: true });
	}
});
