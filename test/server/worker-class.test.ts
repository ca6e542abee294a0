import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { projectPath, projectRoot } from '../support/project.js';
import { RawClient, TestServer } from '../support/server.js';

const ANY_PORT = ['-b', '127.0.0.1:0'];
const BLOCKING = `${projectPath('dist/test/fixtures/faulty-app.js')}:handler`;
const WAITING = `${projectPath('dist/test/fixtures/waiting-app.js')}:handler`;
const ASYNC = `${projectPath('dist/test/fixtures/plain-app.js')}:handler`;

for (const [alias, name, app] of [
	['eventlet', 'gevent', BLOCKING],
	['gevent_pywsgi', 'gevent', BLOCKING],
	['asgi', 'async', ASYNC],
] as const) {
	test(`${alias} runs as ${name} and says so once`, async () => {
		await using server = new TestServer(['-k', alias, '-w', '2', ...ANY_PORT, app]);
		assert.equal((await server.get('/pid')).status, 200);
		await server.logged(new RegExp(`Worker class ${alias} is deprecated and runs as ${name}`));
		assert.equal(server.log.match(/is deprecated/g)?.length, 1);
	});
}

test('gthread serves as many requests at once as --threads says; idle connections take no thread', async () => {
	await using server = new TestServer(['-k', 'gthread', '--threads', '2', '--keep-alive', '30', ...ANY_PORT, WAITING]);
	const port = await server.port();
	const idle = await Promise.all(Array.from({ length: 5 }, () => RawClient.connect(port)));
	for (const client of idle) {
		client.send('/idle?/');
		await client.received(/\r\n\r\n\d+$/);
	}
	const answers = Array.from({ length: 3 }, () => server.get(server.pathUntil('/three', 'go')));
	await server.logged(/begin \/three/, 2);
	server.write('go');
	await Promise.all(answers);
	assert.match(server.log, /begin \/three\nbegin \/three\nend \/three\n/);
	for (const client of idle) client.socket.destroy();
});

test('More than one thread turns sync into gthread, which keeps connections', async () => {
	await using server = new TestServer(['--threads', '2', '--keep-alive', '60', ...ANY_PORT, WAITING]);
	using client = await RawClient.connect(await server.port());
	client.send('/first?/');
	await client.received(/\r\n\r\n\d+$/);
	client.send('/second?/');
	await client.received(/\d+HTTP[\s\S]*\r\n\r\n\d+$/);
	assert.match(server.log, /Using worker: gthread/);
});

test('A handler of a sync worker that takes longer than the timeout costs the worker its life, in a gevent worker it does not', async () => {
	await using sync = new TestServer(['-k', 'sync', '--timeout', '3', ...ANY_PORT, WAITING]);
	await using gevent = new TestServer(['-k', 'gevent', '--timeout', '3', ...ANY_PORT, WAITING]);
	const held = gevent.get(gevent.pathUntil('/long', 'go'));
	await gevent.logged(/begin \/long/);
	await assert.rejects(sync.get(sync.pathUntil('/long', 'never')), { code: 'ECONNRESET' });
	await sync.logged(/WORKER TIMEOUT/);
	gevent.write('go');
	assert.equal((await held).status, 200);
	assert.doesNotMatch(gevent.log, /WORKER TIMEOUT/);
	assert.equal((await sync.get('/next?/')).status, 200);
});

test('One short request after another keeps a sync worker alive, however busy it is', async () => {
	// Long enough for a machine that stands still now and then.
	await using server = new TestServer(['-k', 'sync', '--timeout', '3', ...ANY_PORT, WAITING]);
	await server.get('/short?/');
	const until = performance.now() + 4_200;
	const workers = new Set<string>();
	while (performance.now() < until) workers.add((await server.get('/short?/')).body);
	assert.equal(workers.size, 1);
});

/** An app whose every request spawns a greenlet and waits for it. */
const SPAWNING = `
	import { sleep, spawn, tasks } from ${JSON.stringify(projectPath('dist/src/index.js'))};
	export const { larger } = tasks(import.meta, {
		larger(one, other) {
			sleep(1);
			return Math.max(one, other);
		},
	});
	export function app(_request, response) {
		sleep(100);
		response.end(String(spawn(larger, 1, 2).get()));
	}`;

for (const [name, ...options] of [['sync'], ['gevent', '--worker-connections', '2']] as const) {
	test(`In a ${name} worker blocking calls work, and greenlets of the app's own, even if every request waits for one`, async () => {
		await using server = new TestServer((folder) => ['-k', name, ...options, ...ANY_PORT, `${folder}/app.mjs`], {
			files: { 'app.mjs': SPAWNING },
		});
		const answers = await Promise.all([1, 2, 3, 4].map(() => server.get('/')));
		assert.deepEqual(new Set(answers.map(({ body }) => body)), new Set(['2']));
	});
}

for (const name of ['async', 'gevent']) {
	test(`While files are watched, an app that a ${name} worker cannot load becomes a page, and the next save mends it`, async () => {
		await using server = new TestServer((folder) => ['-k', name, '--reload', ...ANY_PORT, `${folder}/app.mjs`], {
			files: { 'app.mjs': 'export function app(_request, response) {' },
		});
		const page = await server.get('/');
		assert.equal(page.status, 500);
		assert.match(page.body, /SyntaxError/);
		await server.logged(/Watching .* for changes/);
		server.write('app.mjs', 'export function app(_request, response) { response.end("mended"); }');
		await server.logged(/Booting worker/, 2);
		while ((await server.get('/')).body !== 'mended');
	});
}

test('A worker class that asks for more greenlets than the memory budget has room for is refused with the sum', async () => {
	await using server = new TestServer([
		'-k',
		'gevent',
		'-w',
		'2',
		'--memory-budget',
		'300',
		'--worker-connections',
		'100',
		...ANY_PORT,
		BLOCKING,
	]);
	assert.notEqual(await server.exitStatus(), 0);
	assert.match(server.log, /--worker-connections 100: 2 workers x 100 greenlets x [\d.]+ MB = \d+ MB are more than the 300 MB/);
	assert.deepEqual(server.workerPids, []);
});

test('The memory budget is printed at the start', async () => {
	await using server = new TestServer(['-k', 'gevent', '--memory-budget', '300', ...ANY_PORT, BLOCKING]);
	await server.get('/pid');
	assert.match(server.log, /Greenlets: 1 workers x 2\d greenlets x [\d.]+ MB = \d+ MB at most, of a memory budget of 300 MB/);
});

test("A worker class of one's own may be TypeScript, and serves by the rules of the others", async () => {
	const files = {
		'own-worker.ts': `import HttpWorker from 'tsgevent/workers/http-worker';

		enum Most { Requests = 1 }

		export default class OwnWorker extends HttpWorker {
			protected override capacity(): number {
				return Most.Requests;
			}

			protected override async load(): Promise<void> {
				this.http.on('request', (_request, response) => {
					const { requests, busy } = this.figures();
					response.end([this.age, this.app, requests, busy, this.alive].join(' '));
				});
			}
		}`,
	};
	await using server = new TestServer(
		(folder) => {
			mkdirSync(join(folder, 'node_modules'));
			symlinkSync(projectRoot, join(folder, 'node_modules/tsgevent'));
			return ['-k', `${folder}/own-worker.ts`, ...ANY_PORT, 'an-app'];
		},
		{ files },
	);
	assert.equal((await server.get('/')).body, '1 an-app 1 1 true');
	assert.equal((await server.get('/')).body, '1 an-app 2 1 true');
});
