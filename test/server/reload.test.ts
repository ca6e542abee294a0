import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { test } from 'node:test';
import { TestServer } from '../support/server.js';

const DEADLINE_MS = 40_000;

/** What the app of these tests is: it answers with `text`. */
const answering = (text: string): string => `export const handler = (_request, response) => response.end(${JSON.stringify(text)});\n`;

/** A server that reloads; its app is in its own folder, and imports `part.mjs` of there. */
function reloading(kind: string, ...args: string[]): TestServer {
	return new TestServer((folder) => ['-b', '127.0.0.1:0', '-k', kind, '--reload', '--chdir', folder, ...args, 'app.mjs:handler']);
}

/** The body of the first answer that has `status` and in whose body is `text`. */
async function answered(server: TestServer, status: number, text: string): Promise<string> {
	const end = performance.now() + DEADLINE_MS;
	for (;;) {
		const answer = await server.get('/');
		if (answer.status === status && answer.body.includes(text)) return answer.body;
		if (performance.now() > end) assert.fail(`No ${status} with ${text}, but ${answer.status} ${answer.body}\n${server.log}`);
	}
}

for (const kind of ['gevent', 'async', 'sync']) {
	test(`--reload serves what was saved, a syntax error as a page, and the next save mends it: ${kind}`, async () => {
		await using server = reloading(kind);
		server.write('app.mjs', answering('first'));
		await answered(server, 200, 'first');
		await server.logged(/Watching \S+ for changes/);
		server.write('app.mjs', `import './part.mjs';\n${answering('second')}`);
		const part = server.write('part.mjs', 'export const one = 1;\nexport const two = = 2;\n');
		const page = await answered(server, 500, 'Cannot load app.mjs:handler');
		assert.ok(page.includes(`<pre>${part}:2\n      1 | export const one = 1;\n&gt;     2 | export const two = = 2;`), page);
		assert.match(page, /SyntaxError: Unexpected token/);
		server.write('part.mjs', '// nothing\n');
		await answered(server, 200, 'second');
		await server.logged(/Worker reloading: .*part\.mjs modified/, 2);
	});
}

test('--reload serves an app that never loaded as a page, and mends it', async () => {
	await using server = reloading('gevent', '-w', '2');
	server.write('app.mjs', 'throw new TypeError("<broken>");\n');
	assert.match(await answered(server, 500, 'TypeError'), /&lt;broken&gt;/);
	await server.logged(/Watching \S+ for changes/);
	server.write('app.mjs', answering('mended'));
	await answered(server, 200, 'mended');
});

test('--reload-extra-file reloads for a template, and no request fails meanwhile', async () => {
	await using server = reloading('async', '--reload-extra-file', 'pages/*.html');
	server.write('app.mjs', answering('served'));
	await answered(server, 200, 'served');
	await server.logged(/Watching \S+ for changes/);
	const [before] = server.workerPids;
	mkdirSync(`${server.folder}/pages`);
	server.write('pages/new.html', '<p>');
	for (let ended = false; !ended; ended = server.log.includes(`Worker exiting (pid: ${before})`)) {
		assert.equal((await server.get('/')).status, 200);
	}
	assert.match(server.log, /Worker reloading: \S+\/pages\/new\.html modified/);
});
