import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { test } from 'node:test';
import { MockClock } from '../../../src/testing/mock-clock.js';
import { LocalServer } from '../../support/local-server.js';
import { projectPath } from '../../support/project.js';
import { RawClient, TestServer } from '../../support/server.js';

const WAITING = `${projectPath('dist/test/fixtures/waiting-app.js')}:handler`;
const VARIED = `${projectPath('dist/test/fixtures/http-app.js')}:handler`;

function get(path: string): string {
	return `GET ${path} HTTP/1.1\r\nHost: app\r\n\r\n`;
}

test('When a client leaves, each of its pipelined requests hears of it, is recorded once, and has no time to run out', async () => {
	const aborted: (string | undefined)[] = [];
	const begun = new EventEmitter();
	const handler = (request: IncomingMessage & { signal?: AbortSignal }) => {
		request.signal?.addEventListener('abort', () => aborted.push(request.url));
		begun.emit(request.url ?? '');
		return new Promise(() => undefined);
	};
	const clock = new MockClock();
	await using server = await LocalServer.start(handler, { request_timeout: 0.5 }, { clock });
	const client = await server.connect();
	client.socket.write(get('/1') + get('/2') + get('/3'));
	await once(begun, '/3');
	client.socket.destroy();
	const urls = (await server.heard(3)).map(({ request }) => request.url);
	assert.deepEqual(urls.sort(), ['/1', '/2', '/3']);
	assert.deepEqual(aborted.sort(), ['/1', '/2', '/3']);
	// Overdue after the others would have been.
	const late = server.exchange('GET /late HTTP/1.1\r\nConnection: close\r\n\r\n');
	await once(begun, '/late');
	clock.advance(500);
	await late;
	await server.log.logged(/GET \/late took longer/);
	assert.equal(server.log.lines.length, 1, server.log.lines.join('\n'));
	assert.equal((await server.heard(4)).length, 4);
});

test('What cannot be read is answered after the requests that came before it', async () => {
	const go: (() => void)[] = [];
	const handler = (_request: IncomingMessage, response: ServerResponse) => {
		go.push(() => response.end('answered'));
	};
	await using server = await LocalServer.start(handler);
	const client = await server.connect();
	client.socket.write(`${get('/1')}${get('/2')}NONSENSE\r\n\r\n`);
	await server.log.logged(/Invalid request/);
	client.socket.write('more of it');
	for (const answer of go) answer();
	assert.match(await ending(client), /^HTTP\/1\.1 200 OK[\s\S]*answeredHTTP\/1\.1 200 OK[\s\S]*answeredHTTP\/1\.1 400 Bad Request[\s\S]*$/);
	assert.equal(server.log.lines.length, 1);
});

test('CONNECT is answered after the requests that came before it', async () => {
	const go: (() => void)[] = [];
	const handler = (_request: IncomingMessage, response: ServerResponse) => {
		go.push(() => response.end('answered'));
	};
	await using server = await LocalServer.start(handler);
	const client = await server.connect();
	const told = once(server.http, 'connect');
	client.socket.write(`${get('/1')}CONNECT app:443 HTTP/1.1\r\n\r\n`);
	await told;
	for (const answer of go) answer();
	assert.match(await ending(client), /^HTTP\/1\.1 200 OK[\s\S]*answeredHTTP\/1\.1 501 Not Implemented[\s\S]*$/);
	const statuses = (await server.heard(2)).map(({ status }) => status);
	assert.deepEqual(statuses, [200, 501]);
});

test('A response that is cut off takes none of the earlier ones with it', async () => {
	await using server = new TestServer(['-k', 'gevent', '-b', '127.0.0.1:0', VARIED]);
	using client = await RawClient.connect(await server.port());
	client.socket.write(get(`/first-then-hold?file=${join(server.folder, 'go')}`) + get('/throw-late'));
	await server.logged(/Error handling request GET \/throw-late/);
	server.write('go');
	await client.received(/first [\s\S]*last/);
	assert.doesNotMatch(await ending(client), /beginning/);
});

/** Everything received until the connection was closed or reset. */
async function ending(client: RawClient): Promise<string> {
	await client.end().catch(() => undefined);
	return client.received(/^/);
}

test('Requests whose client leaves before it was their turn give their places back', async () => {
	await using server = new TestServer(['-k', 'gevent', '--worker-connections', '2', '-b', '127.0.0.1:0', WAITING]);
	const client = await RawClient.connect(await server.port());
	const path = server.pathUntil('/left', 'go');
	client.socket.write(get(path) + get(path) + get(path));
	await server.logged(/begin \/left/, 2);
	client.socket.destroy();
	server.write('go');
	const answers = await Promise.all(Array.from({ length: 4 }, () => server.get(path)));
	assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]));
});
