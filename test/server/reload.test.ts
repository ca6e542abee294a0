import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, renameSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { TestServer } from '../support/server.js';

const DEADLINE_MS = 60_000;

/** What the app of these tests is: it answers with `text`. */
const answering = (text: string): string => `export const handler = (_request, response) => response.end(${JSON.stringify(text)});\n`;

/** A server that reloads; its app is in its own folder. */
function reloading(kind: string, app: string, ...args: string[]): TestServer {
	return new TestServer(reloadArgs(kind, args), { files: { 'app.mjs': app } });
}

function reloadArgs(kind: string, args: readonly string[]): (folder: string) => string[] {
	return (folder) => ['-b', '127.0.0.1:0', '-k', kind, '--reload', '--chdir', folder, ...args, 'app.mjs:handler'];
}

/** The body of the first answer that has `status` and in whose body is `text`. */
async function answered(server: TestServer, status: number, text: string): Promise<string> {
	const end = performance.now() + DEADLINE_MS;
	for (;;) {
		const answer = await server.get('/');
		if (answer.status === status && answer.body.includes(text)) return answer.body;
		if (performance.now() > end) assert.fail(`No ${status} with ${text}, but ${answer.status} ${answer.body}\n${server.log}`);
		// What is waited for needs the processor more.
		await delay(10);
	}
}

for (const kind of ['gevent', 'async', 'sync']) {
	test(`--reload serves what was saved, a syntax error as a page, and the next save mends it: ${kind}`, async () => {
		await using server = reloading(kind, answering('first'));
		await answered(server, 200, 'first');
		await server.logged(/Watching \S+ for changes/);
		const part = server.write('part.mjs', 'export const one = 1;\nexport const two = = 2;\n');
		server.write('app.mjs', `import './part.mjs';\n${answering('second')}`);
		const page = await answered(server, 500, `<pre>${part}:2`);
		assert.match(page, /Cannot load app\.mjs:handler/);
		assert.ok(page.includes(`<pre>${part}:2\n      1 | export const one = 1;\n&gt;     2 | export const two = = 2;`), page);
		assert.match(page, /SyntaxError: Unexpected token/);
		server.write('part.mjs', '// nothing\n');
		await answered(server, 200, 'second');
		await server.logged(/Worker reloading: .*part\.mjs modified/, 2);
	});
}

test('--reload serves an app that never loaded as a page, and mends it', async () => {
	await using server = reloading('gevent', 'throw new TypeError("<broken>");\n', '-w', '2');
	assert.match(await answered(server, 500, 'TypeError'), /&lt;broken&gt;/);
	await server.logged(/Watching \S+ for changes/);
	server.write('app.mjs', answering('mended'));
	await answered(server, 200, 'mended');
});

test('--reload-extra-file reloads for a template, and no request fails meanwhile', async () => {
	await using server = reloading('async', answering('served'), '--reload-extra-file', 'pages/*.html');
	await answered(server, 200, 'served');
	await server.logged(/Watching \S+ for changes/);
	const [before] = server.workerPids;
	// Folder and file in one step, so that nobody looks in between.
	mkdirSync(`${server.folder}/.pages`);
	server.write('.pages/new.html', '<p>');
	renameSync(`${server.folder}/.pages`, `${server.folder}/pages`);
	for (let ended = false; !ended; ended = server.log.includes(`Worker exiting (pid: ${before})`)) {
		assert.equal((await server.get('/')).status, 200);
	}
	assert.match(server.log, /Worker reloading: \S+\/pages\/new\.html modified/);
});

/** Runs a command with a limit of inotify of its own, which a namespace of users has. */
const limited = (name: string, most: number): string[] => {
	return ['unshare', '-U', '-r', 'sh', '-c', `echo ${most} > /proc/sys/user/max_inotify_${name} && exec "$@"`, 'sh'];
};
const noLimits = () => {
	const [command = '', ...rest] = [...limited('watches', 1), 'true'];
	return spawnSync(command, rest).status !== 0 && 'this machine gives no namespace of users with limits of its own';
};

// Each is what the kernel says to one of two limits: ENOSPC and EMFILE.
for (const [name, code] of Object.entries({ watches: 'ENOSPC', instances: 'EMFILE' })) {
	test(`--reload polls where the system has no more inotify ${name}`, { skip: noLimits() }, async () => {
		await using server = new TestServer(reloadArgs('async', []), {
			files: { 'app.mjs': answering('first') },
			wrapper: limited(name, 0),
		});
		await answered(server, 200, 'first');
		await server.logged(new RegExp(`\\[WARNING\\] Cannot watch so many files by inotify \\(${code}\\): polling instead`));
		await server.logged(/Watching \S+ for changes, by polling/);
		server.write('app.mjs', answering('second'));
		await answered(server, 200, 'second');
		assert.equal(server.log.match(/Cannot watch/g)?.length, 1, server.log);
	});
}

test('--reload without inotify says so where polling was ruled out', { skip: noLimits() }, async () => {
	await using server = new TestServer(reloadArgs('async', ['--reload-engine', 'inotify']), {
		files: { 'app.mjs': answering('first') },
		wrapper: limited('watches', 0),
	});
	await server.logged(/\[ERROR\] Cannot watch all of the code for changes/);
	await answered(server, 200, 'first');
	assert.doesNotMatch(server.log, /polling/);
});
