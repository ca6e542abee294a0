import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { eventually } from '../../support/background.js';
import { projectPath } from '../../support/project.js';
import { type Answer, RawClient, TestServer } from '../../support/server.js';

const APP = `${projectPath('dist/test/fixtures/timeout-app.js')}:handler`;

function serve(...flags: string[]): TestServer {
	return new TestServer(['-k', 'gevent', '-b', '127.0.0.1:0', '--keep-alive', '600', '--request-timeout', '0.5', ...flags, APP]);
}

/** On a machine that stands still for half a second any request takes too long. */
async function servesInTime(one: TestServer): Promise<void> {
	await eventually('an answer in time', async () => (await one.get('/quick')).body === 'quick');
}

let server: TestServer;

before(() => {
	server = serve();
});
after(() => server[Symbol.asyncDispose]());

function stillServes(): Promise<void> {
	return servesInTime(server);
}

/**
 * Asks with `ask` until a request took too long where `line` says, and not before it came there, as it may on a machine that stands still.
 * @returns the last answer
 */
async function overdue<T>(path: string, line: RegExp, ask: () => Promise<T>): Promise<T> {
	const ends = new RegExp(`\\[ERROR\\] Request GET ${path} `, 'g');
	for (let asked = server.log.match(ends)?.length ?? 0; ; asked++) {
		const answer = await ask();
		// One entry for each request, which arrives as a whole.
		const { index } = await server.logged(ends, asked + 1);
		if (line.test(server.log.slice(index))) return answer;
		assert.match(server.log.slice(index), /had not begun|it was not in a blocking call/);
	}
}

function tooLong(path: string, line: RegExp): Promise<Answer> {
	return overdue(path, line, () => server.get(path));
}

test('A request that takes too long is answered with 503, its finally blocks run, and the log has its stack', async () => {
	const { status, body } = await tooLong(
		'/sleep',
		/^\[ERROR\] Request GET \/sleep took longer than 0\.5 s \(request_timeout\) and was answered with 503; its greenlet was at\nGreenletExit: [^\n]*\n\s+at sleep [^\n]*\n\s+at waitForTheDatabase /,
	);
	assert.equal(status, 503);
	assert.match(body, /^Service Unavailable: the request was not answered within 0\.5 s\n$/);
	await server.logged(/finally of \/sleep/);
	await stillServes();
});

test('The connection of a request that took too long goes on', async () => {
	using client = await RawClient.connect(await server.port());
	client.send('/sleep');
	await client.received(/503 Service Unavailable[\s\S]*within 0\.5 s\n$/);
	for (let answers = 2, received = ''; !received.endsWith('quick'); answers++) {
		client.send('/quick');
		received = await client.received(new RegExp(`^(?:HTTP/1\\.1 [\\s\\S]*?(?:quick|within 0\\.5 s\\n)){${answers}}$`));
	}
});

test('A request whose time is over in the middle of its response has its connection cut off', async () => {
	const ending = await overdue(
		'/begun',
		/GET \/begun took longer than 0\.5 s \(request_timeout\) and was cut off; its greenlet was at/,
		() => server.get('/begun').catch((error: NodeJS.ErrnoException) => error.code),
	);
	assert.equal(ending, 'ECONNRESET');
	await server.logged(/finally of \/begun/);
	await stillServes();
});

test('A handler that waits for its client to take the response is ended there', async () => {
	const port = await server.port();
	const clients: RawClient[] = [];
	await overdue(
		'/flood',
		/^.* took longer than 0\.5 s \(request_timeout\) and was cut off; its greenlet was at\nGreenletExit: /,
		async () => {
			const client = await RawClient.connect(port);
			clients.push(client);
			client.socket.pause();
			client.send('/flood');
		},
	);
	for (const client of clients) client[Symbol.dispose]();
	await stillServes();
});

test('Other requests are not disturbed by one that takes too long', async () => {
	await eventually('all in time', async () => {
		const slow = server.get('/sleep');
		const others = await Promise.all(Array.from({ length: 20 }, () => server.get('/quick')));
		assert.equal((await slow).status, 503);
		return others.every(({ body }) => body === 'quick');
	});
});

test('A handler that catches the exit has its request ended all the same', async () => {
	assert.equal((await tooLong('/swallow', /GET \/swallow took longer/)).status, 503);
	await server.logged(/swallowed/);
	await stillServes();
});

test('A handler that has returned and never answers is ended, and its request hears that its client has left', async () => {
	assert.equal((await tooLong('/never', /GET \/never took longer than 0\.5 s [^\n]*; it was not in a blocking call/)).status, 503);
	await server.logged(/the request was closed/);
	await server.logged(/the signal was aborted/);
});

test('A handler that computes for ever is ended with its thread', async () => {
	assert.equal((await server.get('/spin')).status, 503);
	await stillServes();
	await server.logged(
		/GET \/spin took longer than 0\.5 s [^\n]*; it was not in a blocking call, the last of which was sleep\(\)\nGreenletLostError: [^\n]*did not end within 5000 ms/,
	);
});

test('A request that still waits for its turn when its time is over never begins', async () => {
	await using full = serve('--worker-connections', '1', '--request-timeout', '1.5', '--request-timeout-status', '504');
	using hog = await RawClient.connect(await full.port());
	// Answered, but its greenlet goes on; the next request has been accepted with it.
	hog.send(full.pathUntil('/hog', 'go'));
	hog.send('/quick');
	await hog.received(/answered[\s\S]*HTTP\/1\.1 504 /);
	await full.logged(/GET \/quick had not begun after 1\.5 s \(request_timeout\) and is answered with 504/);
	full.write('go');
	await servesInTime(full);
});

test('A greenlet whose client has left has no more time than others', async () => {
	await using full = serve('--worker-connections', '1', '--request-timeout', '1.5');
	const client = await RawClient.connect(await full.port());
	client.send('/read-on');
	await full.logged(/reading on/);
	client.socket.destroy();
	await full.logged(
		/Request GET \/read-on took longer than 1\.5 s \(request_timeout\) and was ended after its client had left; its greenlet was at\n/,
	);
	await servesInTime(full);
});

test('A greenlet that has answered has no more time than others', async () => {
	await using full = serve('--worker-connections', '1', '--request-timeout', '1.5');
	using client = await RawClient.connect(await full.port());
	client.send('/after');
	await client.received(/answered$/);
	await full.logged(
		/Request GET \/after took longer than 1\.5 s \(request_timeout\) and was ended after its answer; its greenlet was at\nGreenletExit: [^\n]*\n\s+at sleep /,
	);
	await full.logged(/finally of \/after/);
	await servesInTime(full);
	// Its connection has nothing to do with that.
	client.send('/quick');
	await client.received(/quick$/);
});
