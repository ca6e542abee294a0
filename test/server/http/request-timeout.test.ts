import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { projectPath } from '../../support/project.js';
import { RawClient, TestServer } from '../../support/server.js';

const APP = `${projectPath('dist/test/fixtures/timeout-app.js')}:handler`;

function serve(...flags: string[]): TestServer {
	return new TestServer(['-k', 'gevent', '-b', '127.0.0.1:0', '--request-timeout', '0.5', ...flags, APP]);
}

let server: TestServer;

before(() => {
	server = serve();
});
after(() => server[Symbol.asyncDispose]());

async function stillServes(): Promise<void> {
	assert.equal((await server.get('/quick')).body, 'quick');
}

test('A request that takes too long is answered with 503, its finally blocks run, and the log has its stack', async () => {
	const { status, body } = await server.get('/sleep');
	assert.equal(status, 503);
	assert.match(body, /^Service Unavailable: the request was not answered within 0\.5 s\n$/);
	await server.logged(/finally of \/sleep/);
	await server.logged(
		/\[ERROR\] Request GET \/sleep took longer than 0\.5 s \(request_timeout\) and was answered with 503; its greenlet was at/,
	);
	await server.logged(/GreenletExit: [^\n]*\n\s+at sleep [^\n]*\n\s+at waitForTheDatabase /);
	await stillServes();
});

test('The connection of a request that took too long goes on', async () => {
	using client = await RawClient.connect(await server.port());
	client.send('/sleep');
	await client.received(/503 Service Unavailable[\s\S]*within 0\.5 s\n$/);
	client.send('/quick');
	await client.received(/quick$/);
});

test('A request whose time is over in the middle of its response has its connection cut off', async () => {
	await assert.rejects(server.get('/begun'), { code: 'ECONNRESET' });
	await server.logged(/finally of \/begun/);
	await server.logged(/GET \/begun took longer than 0\.5 s \(request_timeout\) and was cut off; its greenlet was at/);
	await stillServes();
});

test('A handler that waits for its client to take the response is ended there', async () => {
	using client = await RawClient.connect(await server.port());
	client.socket.pause();
	client.send('/flood');
	await server.logged(/GET \/flood took longer than 0\.5 s \(request_timeout\) and was cut off; its greenlet was at\nGreenletExit: /);
	await stillServes();
});

test('Other requests are not disturbed by one that takes too long', async () => {
	const slow = server.get('/sleep');
	for (const { body } of await Promise.all(Array.from({ length: 20 }, () => server.get('/quick')))) assert.equal(body, 'quick');
	assert.equal((await slow).status, 503);
	assert.doesNotMatch(server.log, /GET \/quick/);
});

test('A handler that catches the exit has its request ended all the same', async () => {
	assert.equal((await server.get('/swallow')).status, 503);
	await server.logged(/swallowed/);
	await server.logged(/GET \/swallow took longer/);
	await stillServes();
});

test('A handler that has returned and never answers is ended, and its request hears that its client has left', async () => {
	assert.equal((await server.get('/never')).status, 503);
	await server.logged(/the request was closed/);
	await server.logged(/the signal was aborted/);
	await server.logged(/GET \/never took longer than 0\.5 s [^\n]*; it was not in a blocking call/);
});

test('A handler that computes for ever is ended with its thread', async () => {
	assert.equal((await server.get('/spin')).status, 503);
	await stillServes();
	await server.logged(
		/GET \/spin took longer than 0\.5 s [^\n]*; it was not in a blocking call, the last of which was sleep\(\)\nGreenletLostError: [^\n]*did not end within 5000 ms/,
	);
});

test('A request that still waits for its turn when its time is over never begins', async () => {
	await using full = serve('--worker-connections', '1', '--request-timeout-status', '504');
	using hog = await RawClient.connect(await full.port());
	// Answered, but its greenlet goes on; the next request has been accepted with it.
	hog.send(full.pathUntil('/hog', 'go'));
	hog.send('/quick');
	await hog.received(/answered[\s\S]*HTTP\/1\.1 504 /);
	await full.logged(/GET \/quick had not begun after 0\.5 s \(request_timeout\) and is answered with 504/);
	full.write('go');
	assert.equal((await full.get('/quick')).body, 'quick');
});

test('A greenlet whose client has left has no more time than others', async () => {
	await using full = serve('--worker-connections', '1');
	const client = await RawClient.connect(await full.port());
	client.send('/read-on');
	await full.logged(/reading on/);
	client.socket.destroy();
	await full.logged(
		/Request GET \/read-on went on for 0\.5 s \(request_timeout\) after its client had left and was ended; its greenlet was at\n/,
	);
	assert.equal((await full.get('/quick')).body, 'quick');
});
