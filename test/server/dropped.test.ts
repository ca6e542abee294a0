import assert from 'node:assert/strict';
import { test } from 'node:test';
import { halt } from '../support/process-figures.js';
import { PLAIN, PLAIN_APP, RawClient, TestServer } from '../support/server.js';
import { Upheaval } from '../support/upheaval.js';

/** All of these workers have gone. */
async function gone(server: TestServer, pids: readonly number[]): Promise<void> {
	for (const pid of pids) await server.logged(new RegExp(`Worker exiting \\(pid: ${pid}\\)`));
}

for (const kind of ['sync', 'gthread', 'async']) {
	test(`HUP drops nothing: ${kind}`, async () => {
		await using upheaval = await Upheaval.start(['-w', '2', '-k', kind]);
		const before = upheaval.server.workerPids;
		upheaval.signal('SIGHUP');
		await gone(upheaval.server, before);
		await upheaval.load.more(100);
		await upheaval.finish();
	});
}

test('HUPs one upon the other drop nothing', async () => {
	await using upheaval = await Upheaval.start(['-w', '2', '-k', 'gevent']);
	const before = upheaval.server.workerPids;
	for (let hup = 0; hup < 4; hup++) {
		upheaval.signal('SIGHUP');
		await upheaval.moment(400);
	}
	await gone(upheaval.server, before);
	await upheaval.load.more(300);
	await upheaval.finish();
	assert.doesNotMatch(upheaval.server.log, /ERROR/);
});

test('HUP with a rolling replacement drops nothing', async () => {
	await using upheaval = await Upheaval.start(['-w', '2', '-k', 'async', '--rolling']);
	const before = upheaval.server.workerPids;
	upheaval.signal('SIGHUP');
	await gone(upheaval.server, before);
	await upheaval.load.more(100);
	await upheaval.finish();
});

test('USR2 and TERM for the old master drop nothing', async () => {
	await using upheaval = await Upheaval.start(['-w', '2', '-k', 'gevent']);
	await upheaval.upgrade(1_000);
	await upheaval.load.more(300);
	await upheaval.finish();
});

test('USR2 taken back, with TERM for the new master, drops nothing', async () => {
	await using upheaval = await Upheaval.start(['-w', '2', '-k', 'async']);
	const { master, server, load } = upheaval;
	upheaval.signal('SIGUSR2');
	const [, second] = await server.logged(/New master started \(pid:(\d+)\)/);
	await server.logged(/Booting worker/, 3);
	await upheaval.moment(500);
	process.kill(Number(second), 'SIGTERM');
	load.nudge();
	await server.logged(/New master \(pid:\d+\) exited with code 0/);
	await load.more(100);
	assert.equal(upheaval.master, master);
	await upheaval.finish();
});

test('TTIN and TTOU drop nothing', async () => {
	await using upheaval = await Upheaval.start(['-w', '1', '-k', 'async']);
	const { server, load } = upheaval;
	for (const [step, name] of (['SIGTTIN', 'SIGTTIN', 'SIGTTOU', 'SIGTTOU'] as const).entries()) {
		upheaval.signal(name);
		if (step < 2) await server.logged(/Booting worker/, step + 2);
		else await server.logged(/Worker exiting/, step - 1);
		await load.more(50);
	}
	await upheaval.finish();
});

test('max_requests drops nothing', async () => {
	await using upheaval = await Upheaval.start(['-w', '2', '-k', 'gevent', '--max-requests', '100', '--max-requests-jitter', '50']);
	await upheaval.server.logged(/Worker exiting/, 3);
	upheaval.load.nudge();
	await upheaval.load.more(100);
	await upheaval.finish();
});

test('max_memory drops nothing', async () => {
	// All of them are beyond it from the first moment on.
	await using upheaval = await Upheaval.start(['-w', '2', '-k', 'async', '--max-memory', '1']);
	const { server, load } = upheaval;
	await server.logged(/Worker exiting/, 2);
	load.nudge();
	await server.logged(/Worker exiting/, 3);
	await load.more(100);
	assert.match(server.log, /Autorestarting worker \(pid: \d+\): max_memory \(1 MB\) exceeded/);
	await upheaval.finish();
});

test('kill -9 of a worker loses what it had accepted, and nothing else', async () => {
	await using server = new TestServer(['-w', '2', '-b', '127.0.0.1:0', '--keep-alive', '60', ...PLAIN, PLAIN_APP]);
	const port = await server.port();
	// Each worker holds what it has accepted, and then stands still: so the other one gets the next, and both have something to lose.
	const held = new Map<number, RawClient>();
	while (held.size < 2) {
		const client = await RawClient.connect(port);
		client.send('/pid');
		const pid = Number(/\d+$/.exec(await client.received(/\r\n\r\n\d+$/))?.[0]);
		client.send(server.pathUntil('/hold', 'go'));
		await server.logged(/holding/, held.size + 1);
		held.set(pid, client);
		await halt(pid);
	}
	const [[killed, lost], [, kept]] = [...held] as [[number, RawClient], [number, RawClient]];
	const waiting = await Promise.all(Array.from({ length: 20 }, () => RawClient.connect(port)));
	for (const client of waiting) client.send('/');
	process.kill(killed, 'SIGKILL');
	for (const pid of held.keys()) if (pid !== killed) process.kill(pid, 'SIGCONT');
	for (const client of waiting) await client.received(/done/);
	server.write('go');
	await kept.received(/done/);
	await assert.rejects(lost.received(/done/));
	for (const client of [lost, kept, ...waiting]) client[Symbol.dispose]();
});

test('kill -9 of the only worker loses no connection that waits', async () => {
	await using server = new TestServer(['-b', '127.0.0.1:0', ...PLAIN, PLAIN_APP]);
	const worker = Number((await server.get('/pid')).body);
	await halt(worker);
	const port = await server.port();
	const waiting = await Promise.all(Array.from({ length: 20 }, () => RawClient.connect(port)));
	for (const client of waiting) client.send('/');
	process.kill(worker, 'SIGKILL');
	for (const client of waiting) await client.received(/done/);
	for (const client of waiting) client[Symbol.dispose]();
});
