import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { createListeners } from '../../../src/server/arbiter/listeners.js';
import { SystemdNotifier } from '../../../src/server/arbiter/systemd.js';
import { Background } from '../../support/background.js';
import { NotifySocket, noNotifySocket } from '../../support/notify-socket.js';
import { RecordedLog } from '../../support/recorded-log.js';
import { get, PLAIN, PLAIN_APP, TestServer } from '../../support/server.js';

const folder = mkdtempSync(join(tmpdir(), 'tsgunicorn-'));
after(() => rmSync(folder, { recursive: true }));

const hasCommand = spawnSync('systemd-notify', ['--version']).status === 0;
const hasPackage = (() => {
	try {
		createRequire(import.meta.url)('unix-dgram');
		return true;
	} catch {
		return false;
	}
})();
const withReceiver = { skip: noNotifySocket || (!hasPackage && !hasCommand && 'neither unix-dgram nor systemd-notify is there') };
const withCommand = { skip: noNotifySocket || (!hasCommand && 'systemd-notify is not there') };

/** As systemd starts a service with sockets: it knows the pid before it runs the program. */
const AS_SYSTEMD = ['sh', '-c', 'LISTEN_PID=$$ exec "$@"', 'sh'];

async function tells(address: string): Promise<void> {
	await using manager = await NotifySocket.open(address);
	const log = new RecordedLog();
	const notifier = new SystemdNotifier(log, { NOTIFY_SOCKET: address });
	notifier.ready();
	notifier.reloading();
	notifier.mainPid(4242);
	notifier.stopping();
	await manager.received(/STOPPING/);
	const [ready, reloading, ...rest] = manager.messages;
	assert.match(ready ?? '', /^READY=1\nSTATUS=/);
	const monotonic = /^RELOADING=1\nMONOTONIC_USEC=(\d+)$/.exec(reloading ?? '')?.[1];
	const now = process.hrtime.bigint() / 1_000n;
	assert.ok(BigInt(monotonic ?? 0) <= now && BigInt(monotonic ?? 0) > now - 60_000_000n, reloading);
	assert.deepEqual(rest, ['MAINPID=4242', 'STOPPING=1']);
	assert.deepEqual(log.lines, []);
}

describe('SystemdNotifier', () => {
	test('sends each state to the socket', withReceiver, () => tells(join(folder, 'notify.sock')));

	test('sends to an abstract address', withCommand, () => tells(`@tsgunicorn-${randomUUID()}`));

	test('does nothing without a service manager', () => {
		const log = new RecordedLog();
		const notifier = new SystemdNotifier(log, { WATCHDOG_USEC: '1000000' });
		notifier.ready();
		notifier.stopping();
		assert.equal(notifier.watchdogMs, undefined);
		assert.deepEqual(log.lines, []);
	});

	test('says once that nobody listens', () => {
		const log = new RecordedLog();
		const notifier = new SystemdNotifier(log, { NOTIFY_SOCKET: join(folder, 'nobody.sock') });
		notifier.ready();
		notifier.stopping();
		assert.equal(log.lines.length, 1);
		assert.match(log.lines[0] ?? '', /^WARNING Cannot notify systemd \(.*nobody\.sock\): /);
	});

	test('says once what is missing to send at all', () => {
		const log = new RecordedLog();
		const path = process.env.PATH;
		// Nothing is found there; an abstract address needs the command.
		process.env.PATH = folder;
		try {
			const notifier = new SystemdNotifier(log, { NOTIFY_SOCKET: '@tsgunicorn' });
			notifier.ready();
			notifier.stopping();
		} finally {
			process.env.PATH = path;
		}
		assert.equal(log.lines.length, 1);
		assert.match(log.lines[0] ?? '', /neither the package unix-dgram nor the command systemd-notify/);
	});

	test('gives signs of life twice in each period, once it is ready', withReceiver, async () => {
		const address = join(folder, 'watchdog.sock');
		await using manager = await NotifySocket.open(address);
		const notifier = new SystemdNotifier(new RecordedLog(), { NOTIFY_SOCKET: address, WATCHDOG_USEC: '400000' });
		assert.equal(notifier.watchdogMs, 200);
		notifier.ready();
		await manager.received(/^WATCHDOG=1$/, 3);
		assert.match(manager.messages[0] ?? '', /^READY=1/);
	});

	test("leaves another process's watchdog alone", () => {
		const env = { NOTIFY_SOCKET: join(folder, 'other.sock'), WATCHDOG_USEC: '400000', WATCHDOG_PID: '7' };
		assert.equal(new SystemdNotifier(new RecordedLog(), env, 8).watchdogMs, undefined);
		assert.equal(new SystemdNotifier(new RecordedLog(), env, 7).watchdogMs, 200);
	});
});

test('The service manager hears of the start, a reload, an upgrade and the stop', withReceiver, async () => {
	const address = join(folder, 'server.sock');
	await using manager = await NotifySocket.open(address);
	await using server = new TestServer(['-b', '127.0.0.1:0', ...PLAIN, PLAIN_APP], { env: { NOTIFY_SOCKET: address } });
	await manager.received(/^READY=1/);
	server.kill('SIGHUP');
	await manager.received(/^RELOADING=1/);
	await manager.received(/^READY=1/, 2);
	server.kill('SIGUSR2');
	const [, pid] = await server.logged(/New master started \(pid:(\d+)\)/);
	await using next = new Background(Number(pid));
	await manager.received(/^READY=1/, 3);
	server.kill('SIGTERM');
	await manager.received(new RegExp(`^MAINPID=${pid}$`));
	await manager.received(/^READY=1/, 4);
	assert.equal(manager.messages.includes('STOPPING=1'), false, 'the service goes on');
	next.kill('SIGTERM');
	await manager.received(/^STOPPING=1$/);
	await next.ended();
});

test("Sockets of the service manager's are served, through an upgrade too, and their paths stay", async () => {
	const path = join(folder, 'systemd.sock');
	const held = await createListeners({ bind: ['127.0.0.1:0', `unix:${path}`], backlog: 16 }, new RecordedLog());
	const descriptors = held.map(({ handle }) => handle.fd);
	const port = Number(/\d+$/.exec(held[0]?.address ?? '')?.[0]);
	{
		await using server = new TestServer([...PLAIN, PLAIN_APP], { wrapper: AS_SYSTEMD, descriptors, env: { LISTEN_FDS: '2' } });
		await server.logged(new RegExp(`Listening at: http://127\\.0\\.0\\.1:${port},unix:${path} \\(${server.pid}\\)`));
		await server.logged(/Booting worker/);
		server.kill('SIGUSR2');
		const [, pid] = await server.logged(/New master started \(pid:(\d+)\)/);
		await using next = new Background(Number(pid));
		await server.logged(/Booting worker/, 2);
		server.kill('SIGTERM');
		await server.logged(/Master has been promoted/);
		assert.equal((await get({ port, path: '/pid' })).body, String(server.workerPids[1]));
		next.kill('SIGTERM');
		await next.ended();
	}
	assert.equal(statSync(path).isSocket(), true);
	for (const listener of held) listener.close();
});

test('LISTEN_FDS for another process is left alone', async () => {
	await using server = new TestServer(['-b', '127.0.0.1:0', ...PLAIN, PLAIN_APP], { env: { LISTEN_FDS: '2', LISTEN_PID: '1' } });
	assert.equal((await server.get('/pid')).status, 200);
});
