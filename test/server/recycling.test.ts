import assert from 'node:assert/strict';
import http from 'node:http';
import { test } from 'node:test';
import { projectPath } from '../support/project.js';
import { RawClient, TestServer } from '../support/server.js';

const ANY_PORT = ['-b', '127.0.0.1:0'];
const BLOCKING = `${projectPath('dist/test/fixtures/faulty-app.js')}:handler`;
const ASYNC = `${projectPath('dist/test/fixtures/plain-app.js')}:handler`;

test('max_requests replaces workers under load and no request fails', async () => {
	await using server = new TestServer([
		'-k',
		'async',
		'-w',
		'2',
		'--max-requests',
		'100',
		'--max-requests-jitter',
		'30',
		'--keep-alive',
		'75',
		...ANY_PORT,
		ASYNC,
	]);
	await server.port();
	const keeping = new http.Agent({ keepAlive: true, maxSockets: 4 });
	let answered = 0;
	const client = async (agent: http.Agent | false): Promise<void> => {
		while (server.workerPids.length < 6) {
			assert.equal((await server.get('/pid', { agent })).status, 200);
			answered++;
		}
	};
	await Promise.all([...Array.from({ length: 4 }, () => client(keeping)), ...Array.from({ length: 4 }, () => client(false))]);
	keeping.destroy();
	await server.logged(/Worker exiting/, 2);
	const limits = [...server.log.matchAll(/Autorestarting worker \(pid: \d+\): max_requests \((\d+)\) reached/g)].map(([, limit]) =>
		Number(limit),
	);
	assert.ok(limits.length >= 2 && limits.every((limit) => limit >= 100 && limit <= 130), `${limits}`);
	assert.ok(answered >= 200, `${answered}`);
	assert.doesNotMatch(server.log, /ERROR/);
});

test('A worker that retires answers what it has', async () => {
	await using server = new TestServer(['-k', 'gevent', '--max-requests', '1', ...ANY_PORT, BLOCKING]);
	const held = server.get(server.pathUntil('/hold', 'go'));
	await server.logged(/max_requests \(1\) reached/);
	await server.logged(/Booting worker/, 2);
	server.write('go');
	assert.equal((await held).body, 'held');
	await server.logged(/Worker exiting/);
});

test('A worker beyond max_memory is replaced without losing a request', async () => {
	await using server = new TestServer(['-k', 'async', '--max-memory', '1', ...ANY_PORT, ASYNC]);
	const held = server.get(server.pathUntil('/hold', 'go'));
	await server.logged(/Autorestarting worker \(pid: \d+\): max_memory \(1 MB\) exceeded: \d+ MB/);
	await server.logged(/Booting worker/, 2);
	server.write('go');
	assert.equal((await held).body, 'done');
	await server.logged(/Worker exiting/);
});

test('With pre_stop_delay a server goes on accepting after TERM, until a second TERM', async () => {
	await using server = new TestServer(['-k', 'async', '--pre-stop-delay', '600', ...ANY_PORT, ASYNC]);
	await server.get('/');
	server.kill('SIGTERM');
	await server.logged(/goes on serving for 600 s/);
	using client = await RawClient.connect(await server.port());
	client.send('/pid');
	assert.match(await client.received(/\r\n\r\n\d+$/), /Connection: keep-alive/);
	client.socket.destroy();
	server.kill('SIGTERM');
	assert.equal(await server.exitStatus(), 0);
});

test('With pre_stop_delay a server ends by itself after TERM, when that time is over', async () => {
	await using server = new TestServer(['-k', 'async', '--pre-stop-delay', '1', ...ANY_PORT, ASYNC]);
	await server.get('/');
	const started = performance.now();
	server.kill('SIGTERM');
	await server.logged(/goes on serving for 1 s/);
	assert.equal(await server.exitStatus(), 0);
	assert.ok(performance.now() - started >= 900);
});

test('A second TERM cuts the pre_stop_delay of a worker short', async () => {
	await using server = new TestServer(['-k', 'async', '--pre-stop-delay', '60', ...ANY_PORT, ASYNC]);
	const worker = Number((await server.get('/pid')).body);
	process.kill(worker, 'SIGTERM');
	await server.logged(/goes on serving for 60 s/);
	process.kill(worker, 'SIGTERM');
	await server.logged(new RegExp(`Worker exiting \\(pid: ${worker}\\)`));
});
