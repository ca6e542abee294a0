import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { errorPage } from '../../../src/server/http/error-page.js';
import { loadApp } from '../../../src/server/worker/app-loader.js';
import { type Answer, get } from '../../support/server.js';

const folder = mkdtempSync(join(tmpdir(), 'error-page-'));
after(() => rmSync(folder, { recursive: true }));

function write(name: string, text: string): string {
	writeFileSync(join(folder, name), text);
	return join(folder, name);
}

async function page(error: unknown, app = 'app.mjs', options: http.RequestOptions = {}): Promise<Answer> {
	const server = http.createServer(errorPage(error, app)).listen(0, '127.0.0.1');
	try {
		await once(server, 'listening');
		return await get({ port: (server.address() as AddressInfo).port, ...options });
	} finally {
		server.close();
	}
}

async function failureOf(app: string): Promise<unknown> {
	return loadApp(app).then(
		() => assert.fail('it loads'),
		(error: unknown) => error,
	);
}

test('the page is a 500 with the error, its causes and their stacks, all of it escaped', async () => {
	const error = new Error('Cannot load', { cause: new TypeError('<script>alert("1 & \'2\'")</script>') });
	const { status, headers, body } = await page(error);
	assert.equal(status, 500);
	assert.equal(headers['content-type'], 'text/html; charset=utf-8');
	assert.equal(headers.connection, 'close');
	assert.match(body, /<strong>TypeError: &lt;script&gt;alert\(&quot;1 &amp; &#39;2&#39;&quot;\)&lt;\/script&gt;<\/strong>/);
	assert.match(body, /Error: Cannot load\n {4}at .*error-page\.test\.js:\d+/);
	assert.doesNotMatch(body, /<script/);
});

test('the page of a syntax error in an ES module that the app imports names its file and line', async () => {
	const part = write('part.mjs', 'export const one = 1;\nexport const two = = 2;\n');
	const app = write('app.mjs', "import './part.mjs';\nexport const handler = () => undefined;\n");
	const error = await failureOf(`${app}:handler`);
	const { body } = await page(error, `${app}:handler`);
	assert.ok(body.includes(`<pre>${part}:2\n      1 | export const one = 1;\n&gt;     2 | export const two = = 2;\n`), body);
	assert.match(body, /<strong>SyntaxError: Unexpected token &#39;=&#39;<\/strong>/);
});

test('so does that of a CommonJS module, and of an error that was thrown', async () => {
	for (const code of ['function (;', 'null.nothing();']) {
		const app = write(`${code.length}.cjs`, `const one = 1;\n${code}\n`);
		const { body } = await page(await failureOf(app), app);
		assert.ok(body.includes(`<pre>${app}:2\n`) && body.includes(`&gt;     2 | ${code}\n`), body);
	}
});

test('the page of what is no error has it', async () => {
	const { body } = await page('just a text');
	assert.match(body, /<strong>just a text<\/strong>/);
});

test('HEAD gets the header alone', async () => {
	const { status, headers, body } = await page(new Error('x'), 'app.mjs', { method: 'HEAD' });
	assert.deepEqual({ status, body }, { status: 500, body: '' });
	assert.ok(Number(headers['content-length']) > 100);
});
