import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { projectPath } from '../../support/project.js';
import { TestServer } from '../../support/server.js';

const PACKAGE = readFileSync(projectPath('package.json'), 'utf8');
const MEGABYTE = 1_048_576;

let server: TestServer;
let origin: string;

before(async () => {
	// Connections are kept longer than any test, so that none is closed just when it is used again.
	server = new TestServer(['-k', 'gevent', '-b', '127.0.0.1:0', '--keep-alive', '600', projectPath('dist/test/fixtures/express-app.js')]);
	origin = `http://127.0.0.1:${await server.port()}`;
});
after(() => server[Symbol.asyncDispose]());

function postJson(path: string, body: string): Promise<Response> {
	return fetch(origin + path, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body });
}

test('Express parses a query', async () => {
	const response = await fetch(`${origin}/query?a=1&b=two`);
	assert.match(response.headers.get('content-type') ?? '', /application\/json/);
	assert.ok(response.headers.get('etag'));
	assert.deepEqual(await response.json(), { a: '1', b: 'two' });
});

test('express.json() parses a body, small or large, before a blocking handler too', async () => {
	assert.deepEqual(await (await postJson('/json', '{"n":1}')).json(), { got: { n: 1 } });
	const text = 'x'.repeat(90_000);
	assert.deepEqual(await (await postJson('/json', JSON.stringify({ text }))).json(), { got: { text } });
	assert.deepEqual(await (await postJson('/json-blocking', '{"n":2}')).json(), { slept: true, got: { n: 2 } });
	assert.equal((await postJson('/json', '{broken')).status, 400);
	assert.equal((await postJson('/json', JSON.stringify({ text: 'x'.repeat(200_000) }))).status, 413);
});

test('readBodySync() works in an Express route', async () => {
	const response = await fetch(`${origin}/sync-body`, { method: 'POST', body: 'shout' });
	assert.equal(await response.text(), 'SHOUT');
});

test('Express takes a streamed upload of 50 MB', async () => {
	async function* pieces(): AsyncGenerator<Buffer> {
		for (let i = 0; i < 50; i++) yield Buffer.alloc(MEGABYTE, i);
	}
	const response = await fetch(`${origin}/upload`, { method: 'POST', body: ReadableStream.from(pieces()), duplex: 'half' } as RequestInit);
	assert.deepEqual(await response.json(), { length: 50 * MEGABYTE });
});

test('Express sends a streamed download of 50 MB', async () => {
	const response = await fetch(`${origin}/download`);
	let length = 0;
	for await (const chunk of response.body ?? []) length += chunk.length;
	assert.equal(length, 50 * MEGABYTE);
});

test('Express sends files', async () => {
	for (const path of ['/file', '/stream', '/static/package.json']) assert.equal(await (await fetch(origin + path)).text(), PACKAGE, path);
	const part = await fetch(`${origin}/static/package.json`, { headers: { Range: 'bytes=0-9' } });
	assert.equal(part.status, 206);
	assert.equal(await part.text(), PACKAGE.slice(0, 10));
	const { headers } = await fetch(`${origin}/file`);
	const unchanged = await fetch(`${origin}/file`, {
		headers: { 'If-None-Match': headers.get('etag') ?? '', 'Cache-Control': 'max-age=0' },
	});
	assert.equal(unchanged.status, 304);
});

test('Express redirects', async () => {
	const response = await fetch(`${origin}/redirect`);
	assert.equal(response.redirected, true);
	assert.deepEqual(await response.json(), { from: 'redirect' });
});

test('Express answers for routes that throw, reject, call next() with an error, or do not exist', async () => {
	const statuses = ['/thrown', '/rejected', '/next', '/nowhere'].map(async (path) => (await fetch(origin + path)).status);
	assert.deepEqual(await Promise.all(statuses), [500, 500, 418, 404]);
	await server.logged(/Error: thrown in a route\n/);
});

test('Blocking routes of Express run concurrently', async () => {
	const texts = await Promise.all(Array.from({ length: 8 }, async () => (await fetch(`${origin}/slow`)).text()));
	assert.deepEqual(new Set(texts), new Set(['slept']));
});
