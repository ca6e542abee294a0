import assert from 'node:assert/strict';
import { test } from 'node:test';
import { projectPath } from '../support/project.js';
import { RawClient, TestServer } from '../support/server.js';

const APP = `${projectPath('dist/test/fixtures/faulty-app.js')}:handler`;
const SERVE = ['-k', 'gevent', '-b', '127.0.0.1:0', APP];
const ONE_THREAD = ['--worker-connections', '1', ...SERVE];

test('A sudden huge allocation costs the worker, which is replaced with a line that says why', async () => {
	await using server = new TestServer(SERVE);
	const { body: first } = await server.get('/pid');
	await assert.rejects(server.get('/huge'), { code: 'ECONNRESET' });
	await server.logged(
		new RegExp(`\\[ERROR\\] Worker \\(pid:${first}\\) was ended by SIG\\w+: Node aborted, most likely because a JavaScript heap ran out`),
	);
	const { status, body: second } = await server.get('/pid');
	assert.equal(status, 200);
	await server.logged(/Booting worker/, 2);
	assert.deepEqual(server.workerPids, [Number(first), Number(second)]);
});

test('A heap that grows slowly costs its own request alone', async () => {
	const worker = projectPath('dist/test/fixtures/small-heap-worker.js');
	await using server = new TestServer(['-k', worker, '-b', '127.0.0.1:0', APP]);
	const { body: pid } = await server.get('/pid');
	const held = server.get(server.pathUntil('/hold', 'go'));
	await server.logged(/begin \/hold/);
	assert.equal((await server.get('/grow')).status, 500);
	await server.logged(/\[ERROR\] Error handling request GET \/grow\n.*Lost greenlet .*memory limit/);
	server.write('go');
	assert.equal((await held).body, 'held');
	assert.equal((await server.get('/pid')).body, pid);
});

test('Beside a handler that spins for ever others are served, and TERM still ends the server', async () => {
	await using server = new TestServer(['--graceful-timeout', '0.5', ...SERVE]);
	const spinning = server.get('/spin');
	await server.logged(/begin \/spin/);
	const answers = await Promise.all(Array.from({ length: 8 }, () => server.get('/crowd')));
	assert.deepEqual(new Set(answers.map(({ body }) => body)), new Set(['done']));
	server.kill('SIGTERM');
	await assert.rejects(spinning, { code: 'ECONNRESET' });
	assert.equal(await server.exitStatus(), 0);
	// On a busy machine the worker may get no time to say so before the arbiter's patience ends, too.
	assert.match(server.log, /Worker graceful timeout \(pid: \d+\), \d+ connections are cut off|did not leave in time and is killed/);
	assert.equal(server.workerPids.length, 1);
});

for (const [path, message] of [
	['/timer', 'from a timer'],
	['/nested', 'from deep down'],
	['/event', 'from an emitter'],
	['/forgotten', 'from a forgotten promise'],
] as const) {
	test(`An error that nobody caught, as in ${path}, is answered with 500 and logged for its request`, async () => {
		await using server = new TestServer(ONE_THREAD);
		assert.equal((await server.get(path)).status, 500);
		await server.logged(new RegExp(`\\[ERROR\\] Error handling request GET ${path}\\nError: ${message}\\n +at `));
		assert.equal((await server.get('/pid')).body, String(server.workerPids[0]));
		assert.doesNotMatch(server.log, /will be replaced/);
	});
}

for (const [path, message] of [
	['/begun', 'in the middle'],
	['/drained', 'from a listener of the response'],
] as const) {
	test(`An error that nobody caught after a part of the response, as in ${path}, cuts it off`, async () => {
		await using server = new TestServer(ONE_THREAD);
		await assert.rejects(server.get(path), { code: 'ECONNRESET' });
		await server.logged(new RegExp(`\\[ERROR\\] Error handling request GET ${path}\\nError: ${message}\\n +at `));
		assert.equal((await server.get('/pid')).body, String(server.workerPids[0]));
	});
}

test('A late error of a finished request never touches its successor', async () => {
	await using server = new TestServer(ONE_THREAD);
	assert.equal((await server.get(server.pathUntil('/late', 'throw'))).body, 'answered');
	const held = server.get(server.pathUntil('/hold-async', 'go'));
	await server.logged(/begin \/hold-async/);
	server.write('throw');
	await server.logged(/\[ERROR\] Uncaught error in a greenlet thread, which will be replaced\nError: long after the end\n/);
	server.write('go');
	assert.deepEqual((await held).body, 'held');
	assert.equal((await server.get('/pid')).body, String(server.workerPids[0]));
	assert.doesNotMatch(server.log, /Error handling request/);
});

test('An async handler that rejects after the end of its response is logged, and its thread goes on', async () => {
	await using server = new TestServer(ONE_THREAD);
	assert.equal((await server.get('/reject-late')).body, 'answered');
	await server.logged(/\[ERROR\] Error after the end of request GET \/reject-late\nError: rejected after the end\n +at /);
	assert.equal((await server.get('/pid')).status, 200);
	assert.doesNotMatch(server.log, /will be replaced/);
});

test('A handler that rejects with nothing is answered with 500 and logged all the same', async () => {
	await using server = new TestServer(ONE_THREAD);
	assert.equal((await server.get('/nothing')).status, 500);
	await server.logged(/\[ERROR\] Error handling request GET \/nothing\n/);
});

test('An async handler that fails because its client has left is not worth a line', async () => {
	await using server = new TestServer(ONE_THREAD);
	const client = await RawClient.connect(await server.port());
	client.socket.write('POST /read-lost HTTP/1.1\r\nHost: app\r\nContent-Length: 100\r\n\r\na part');
	await server.logged(/begin \/read-lost/);
	client.socket.destroy();
	assert.equal((await server.get('/pid')).status, 200);
	server.kill('SIGTERM');
	assert.equal(await server.exitStatus(), 0);
	assert.doesNotMatch(server.log, /ERROR/);
});

test('No child of a handler gets the listening socket as its standard input', { skip: process.platform !== 'linux' }, async () => {
	await using server = new TestServer(SERVE);
	for (const path of ['/spawn-inherit', '/spawn-zero', '/exec-sync', '/fork'])
		assert.deepEqual({ path, stdin: (await server.get(path)).body }, { path, stdin: '/dev/null\n' });
});
