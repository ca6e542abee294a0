import assert from 'node:assert/strict';
import http from 'node:http';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { knowsReusePort } from '../../../src/server/arbiter/server-handle.js';
import { Admission } from '../../../src/server/worker/admission.js';
import { MockClock } from '../../../src/testing/mock-clock.js';
import { projectPath } from '../../support/project.js';
import { RecordedLog } from '../../support/recorded-log.js';
import { get, RawClient, TestServer } from '../../support/server.js';

const APP = `${projectPath('dist/test/fixtures/faulty-app.js')}:handler`;
const WAITING = `${projectPath('dist/test/fixtures/waiting-app.js')}:handler`;
const ASYNC = `${projectPath('dist/test/fixtures/plain-app.js')}:handler`;
const ANY_PORT = ['-b', '127.0.0.1:0'];
const ONE_AT_A_TIME = ['-k', 'gevent', '--worker-connections', '1', ...ANY_PORT];

/** How often each text occurs, the rarest first. */
function tally(texts: readonly string[]): number[] {
	const counts = new Map<string, number>();
	for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
	return [...counts.values()].sort((a, b) => a - b);
}

test('A burst is spread over the workers, to each as many requests as it has greenlets', async () => {
	await using server = new TestServer(['-k', 'gevent', '-w', '4', '--worker-connections', '8', ...ANY_PORT, WAITING]);
	const path = server.pathUntil('/burst', 'go');
	await server.logged(/Booting worker/, 4);
	for (const pid of server.workerPids) while ((await server.get('/boot?/')).body !== String(pid));
	const answers = Array.from({ length: 32 }, () => server.get(path));
	await server.logged(/begin \/burst/, 32);
	server.write('go');
	assert.deepEqual(tally((await Promise.all(answers)).map(({ body }) => body)), [8, 8, 8, 8]);
});

test('What comes while all greenlets are busy waits in the kernel, of several listeners too, and is served as soon as one is free', async () => {
	await using server = new TestServer((folder) => [...ONE_AT_A_TIME, '-b', '127.0.0.1:0', '-b', `unix:${folder}/app.sock`, APP]);
	await server.port();
	const [, first, second] = /Listening at: \S*?:\/\/[^,\s]*:(\d+),\S*?:\/\/[^,\s]*:(\d+),unix/.exec(server.log) ?? [];
	const socketPath = join(server.folder, 'app.sock');
	for (const round of ['one', 'two', 'three']) {
		const held = server.get(server.pathUntil('/hold', round));
		await server.logged(/begin \/hold/, ['one', 'two', 'three'].indexOf(round) + 1);
		const marks = [{ port: Number(first) }, { port: Number(second) }, { socketPath }].flatMap((target) => [
			get({ ...target, path: '/mark' }),
			get({ ...target, path: '/mark' }),
		]);
		await assertPaused(Number(second));
		assert.doesNotMatch(server.log.slice(server.log.lastIndexOf('begin /hold')), /begin \/mark/);
		server.write(round);
		assert.equal((await held).body, 'held');
		for (const { body } of await Promise.all(marks)) assert.equal(body, 'marked');
	}
	server.kill('SIGTERM');
	assert.equal(await server.exitStatus(), 0);
	assert.doesNotMatch(server.log, /ERROR/);
});

/** What needs no greenlet would be answered at once if the connection were accepted. */
async function assertPaused(port: number): Promise<void> {
	using client = await RawClient.connect(port);
	client.socket.write('NONSENSE\r\n\r\n');
	const answered = client.end().then(() => 'accepted');
	const silent = new Promise((resolve) => setTimeout(resolve, 100, 'left in the kernel'));
	assert.equal(await Promise.race([answered, silent]), 'left in the kernel');
}

test('Requests on connections accepted before wait in a queue; beyond --max-queued-requests they are told to come again', async () => {
	await using server = new TestServer([...ONE_AT_A_TIME, '--keep-alive', '30', '--max-queued-requests', '2', APP]);
	const port = await server.port();
	const clients: RawClient[] = [];
	for (let index = 0; index < 4; index++) {
		const client = await RawClient.connect(port);
		client.send('/pid');
		await client.received(/\r\n\r\n\d+$/);
		clients.push(client);
	}
	const [holding, ...others] = clients as [RawClient, ...RawClient[]];
	holding.send(server.pathUntil('/hold', 'go'));
	await server.logged(/begin \/hold/);
	const endings = others.map((client) => {
		client.send('/mark');
		return client.received(/503 |marked/);
	});
	const refused = await Promise.race(endings);
	assert.match(refused, /HTTP\/1\.1 503 [\s\S]*Retry-After: 1\r\n/);
	assert.match(refused, /Connection: close\r\n/);
	assert.doesNotMatch(server.log, /begin \/mark/);
	server.write('go');
	await holding.received(/held/);
	assert.equal((await Promise.all(endings)).filter((text) => /marked/.test(text)).length, 2);
	await server.logged(/\[WARNING\] 1 requests were answered with 503/);
	for (const client of clients) client.socket.destroy();
});

test('Idle connections keep nobody away', async () => {
	await using server = new TestServer([...ONE_AT_A_TIME, '--keep-alive', '30', APP]);
	const port = await server.port();
	const idle: RawClient[] = [];
	for (let index = 0; index < 20; index++) {
		const client = await RawClient.connect(port);
		client.send('/pid');
		await client.received(/\r\n\r\n\d+$/);
		idle.push(client);
	}
	assert.equal((await server.get('/mark')).body, 'marked');
	for (const client of idle) client.socket.destroy();
});

test('Connections without a request keep others away for a moment only', async () => {
	await using server = new TestServer([...ONE_AT_A_TIME, APP]);
	const port = await server.port();
	const silent = await Promise.all(Array.from({ length: 40 }, () => RawClient.connect(port)));
	assert.equal((await server.get('/mark')).body, 'marked');
	for (const client of silent) client.socket.destroy();
});

test('A request that waits never starts once its client has left', async () => {
	await using server = new TestServer([...ONE_AT_A_TIME, '--keep-alive', '30', APP]);
	const port = await server.port();
	const [holding, impatient, probe] = await Promise.all([1, 2, 3].map(() => RawClient.connect(port)));
	for (const client of [holding, impatient, probe]) {
		client?.send('/pid');
		await client?.received(/\r\n\r\n\d+$/);
	}
	holding?.send(server.pathUntil('/hold', 'go'));
	await server.logged(/begin \/hold/);
	impatient?.send('/mark');
	impatient?.socket.resetAndDestroy();
	// Answered by the same loop, without a greenlet.
	probe?.socket.write('NONSENSE\r\n\r\n');
	await probe?.received(/ 400 /);
	server.write('go');
	await holding?.received(/held/);
	assert.equal((await server.get('/pid')).status, 200);
	assert.doesNotMatch(server.log, /begin \/mark/);
	holding?.socket.destroy();
});

test('An async worker is bounded by --worker-connections as well', async () => {
	await using server = new TestServer(['-k', 'async', '--worker-connections', '2', ...ANY_PORT, ASYNC]);
	const path = server.pathUntil('/hold', 'go');
	const answers = Array.from({ length: 5 }, () => server.get(path));
	await server.logged(/holding \/hold/, 2);
	await assertPaused(await server.port());
	assert.equal(server.log.match(/holding/g)?.length, 2);
	server.write('go');
	for (const { body } of await Promise.all(answers)) assert.equal(body, 'done');
});

test('TERM while no connection is accepted resets none that waits in the kernel', async () => {
	await using server = new TestServer(['-k', 'sync', ...ANY_PORT, WAITING]);
	const port = await server.port();
	const held = server.get(server.pathUntil('/held', 'go'));
	await server.logged(/begin \/held/);
	const waiting = await Promise.all(Array.from({ length: 5 }, () => RawClient.connect(port)));
	for (const client of waiting) client.send(server.pathUntil('/waiting', 'go'));
	server.kill('SIGTERM');
	await server.logged(/Handling signal: term/);
	server.write('go');
	const { body: worker } = await held;
	for (const client of waiting) assert.match(await client.end(), new RegExp(`200 OK[\\s\\S]*\\r\\n\\r\\n${worker}$`));
	assert.equal(await server.exitStatus(), 0);
	assert.doesNotMatch(server.log, /graceful timeout/);
});

test('A worker with thousands of idle connections drains without a reset', async () => {
	await using server = new TestServer(['-k', 'async', '--keep-alive', '60', ...ANY_PORT, ASYNC]);
	const port = await server.port();
	const agent = new http.Agent({ keepAlive: true, maxSockets: 5_000, maxFreeSockets: 5_000 });
	const sockets = new Set<object>();
	let failed = 0;
	await Promise.all(
		Array.from({ length: 5_000 }, async () => {
			const request = http.get({ port, agent, path: '/' });
			request.once('socket', (socket) => {
				sockets.add(socket);
				socket.once('error', () => failed++);
			});
			await new Promise<void>((resolve, reject) =>
				request.once('error', reject).once('response', (response) => response.resume().once('end', resolve)),
			);
		}),
	);
	assert.equal(sockets.size, 5_000);
	server.kill('SIGTERM');
	assert.equal(await server.exitStatus(), 0);
	agent.destroy();
	assert.equal(failed, 0);
	assert.doesNotMatch(server.log, /graceful timeout|ERROR/);
});

test('With reuse_port each worker listens on a socket of its own, and takes what the kernel gives it, busy or not', {
	skip: knowsReusePort() ? false : 'this Node cannot share a port',
}, async () => {
	await using server = new TestServer(['--reuse-port', '--log-level', 'debug', ...ONE_AT_A_TIME, APP]);
	await server.logged(/is ready/);
	const held = server.get(server.pathUntil('/hold', 'go'));
	await server.logged(/begin \/hold/);
	using client = await RawClient.connect(await server.port());
	client.socket.write('NONSENSE\r\n\r\n');
	assert.match(await client.end(), /^HTTP\/1\.1 400/);
	server.write('go');
	assert.equal((await held).body, 'held');
	server.kill('SIGTERM');
	assert.equal(await server.exitStatus(), 0);
});

/** An admission whose time is the test's. */
function admit(capacity: number): { admission: Admission; clock: MockClock; accepting: () => boolean } {
	let accepting = true;
	const clock = new MockClock();
	const accept = (accepts: boolean) => () => {
		accepting = accepts;
	};
	const options = { capacity, maxQueued: 1, log: new RecordedLog(), pause: accept(false), resume: accept(true), clock };
	return { admission: new Admission(options), clock, accepting: () => accepting };
}

test('Silent connections keep others away for a fifth of a second altogether, and those that come after them for no time', async () => {
	const { admission, clock, accepting } = admit(1);
	for (const most of [200, 0]) {
		const before = clock.now();
		for (let silent = 0; silent < 100; silent++) {
			admission.connected(new Socket());
			while (!accepting()) {
				clock.jump();
				await nextTurn();
			}
		}
		assert.ok(clock.now() - before <= most, `${clock.now() - before} ms`);
	}
});

test('Connections whose requests wait in the kernel while the hub stands still are not taken for silent ones', async () => {
	const { admission, clock, accepting } = admit(2);
	admission.connected(new Socket());
	clock.advance(10_000);
	admission.connected(new Socket());
	assert.equal(accepting(), false);
	while (!accepting()) await nextTurn();
});

test('Connections without a request are not minded while there is room', () => {
	const { admission, clock, accepting } = admit(3);
	for (let silent = 0; silent < 2; silent++) admission.connected(new Socket());
	assert.equal(clock.jump(), false);
	clock.advance(10_000);
	for (let silent = 0; silent < 5; silent++) admission.connected(new Socket());
	assert.equal(accepting(), false);
});
