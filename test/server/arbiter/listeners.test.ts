import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { createListeners } from '../../../src/server/arbiter/listeners.js';
import { knowsReusePort } from '../../../src/server/arbiter/server-handle.js';
import { eventually } from '../../support/background.js';
import { projectPath } from '../../support/project.js';
import { RecordedLog } from '../../support/recorded-log.js';
import { get, PLAIN, PLAIN_APP, RawClient, TestServer } from '../../support/server.js';

const ANY_PORT = ['-b', '127.0.0.1:0'];
const onLinux = { skip: process.platform !== 'linux' && 'reads /proc' };

/** An app that loads when `go` exists. */
const GATED_APP = `
	import { existsSync } from 'node:fs';
	import { setTimeout as delay } from 'node:timers/promises';
	while (!existsSync(new URL('./go', import.meta.url))) await delay(10);
	export const app = (req, res) => res.end('served');
`;

function socketsOf(pid: number): number {
	return readdirSync(`/proc/${pid}/fd`).filter((fd) => {
		try {
			return readlinkSync(`/proc/${pid}/fd/${fd}`).startsWith('socket:');
		} catch (error) {
			// Closed in between.
			assert.equal((error as NodeJS.ErrnoException).code, 'ENOENT');
			return false;
		}
	}).length;
}

test('Connections queue before any worker is ready, and the arbiter accepts none of them', onLinux, async () => {
	await using server = new TestServer((folder) => [...ANY_PORT, ...PLAIN, join(folder, 'gated.mjs')], {
		files: { 'gated.mjs': GATED_APP },
	});
	const port = await server.port();
	await server.logged(/Booting worker/);
	const before = socketsOf(server.pid);
	using client = await RawClient.connect(port);
	client.send('/');
	assert.equal(socketsOf(server.pid), before);
	server.write('go');
	await client.received(/served/);
});

test('The backlog holds in the kernel', onLinux, async () => {
	await using server = new TestServer(['--backlog', '123', ...ANY_PORT, ...PLAIN, PLAIN_APP]);
	const { body: pid } = await server.get('/pid');
	// Asked through `ss`, where the machine has it: /proc/net/tcp does not show the limit.
	const { stdout, error } = spawnSync('ss', ['-ltnH', 'sport', '=', `:${await server.port()}`], { encoding: 'utf8' });
	if (!error) assert.match(stdout, /LISTEN\s+0\s+123\s/, `the backlog of worker ${pid}`);
});

test('A port in use ends the server with 1, and no other port is taken', async () => {
	const taken = net.createServer();
	await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
	const { port } = taken.address() as net.AddressInfo;
	await using server = new TestServer(['-b', `127.0.0.1:${port}`, ...PLAIN, PLAIN_APP]);
	assert.equal(await server.exitStatus(), 1);
	const address = `http://127\\.0\\.0\\.1:${port}`;
	assert.equal(server.log.match(new RegExp(`\\[ERROR\\] Connection in use: ${address}`, 'g'))?.length, 5);
	assert.equal(server.log.match(/\[INFO\] Retrying in 1 second\./g)?.length, 4);
	assert.match(server.log, new RegExp(`\\[ERROR\\] Can't connect to ${address}`));
	assert.doesNotMatch(server.log, /Listening at/);
	taken.close();
});

test('TERM ends the waiting for a port', async () => {
	const taken = net.createServer();
	await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
	const { port } = taken.address() as net.AddressInfo;
	await using server = new TestServer((folder) => ['-b', `127.0.0.1:${port}`, '-p', join(folder, 'app.pid'), ...PLAIN, PLAIN_APP]);
	await server.logged(/Retrying in 1 second/);
	server.kill('SIGHUP');
	server.kill('SIGTERM');
	assert.equal(await server.exitStatus(), 0);
	assert.match(server.log, /Told to stop while waiting for http/);
	assert.ok((server.log.match(/Connection in use/g)?.length ?? 0) < 5, server.log);
	assert.equal(existsSync(join(server.folder, 'app.pid')), false);
	taken.close();
});

test('With reuse_port each worker listens by itself', { skip: !knowsReusePort() && 'this Node has no reusePort' }, async () => {
	await using server = new TestServer(['--reuse-port', '-w', '2', ...ANY_PORT, ...PLAIN, PLAIN_APP]);
	const port = await server.port();
	const answered = new Set<string>();
	await eventually('an answer of each worker', async () => {
		// Nobody listens until the first worker does.
		const answer = await get({ port, path: '/pid' }).catch((error: NodeJS.ErrnoException) => assert.equal(error.code, 'ECONNREFUSED'));
		return answer && answered.add(answer.body).size === 2;
	});
	assert.deepEqual([...answered].map(Number).sort(), [...server.workerPids].sort());
});

test('Several binds are served by every worker', async () => {
	await using server = new TestServer((folder) => [...ANY_PORT, '-b', `unix:${folder}/app.sock`, '-b', '127.0.0.1:0', ...PLAIN, PLAIN_APP]);
	const [, first, second] = await server.logged(/Listening at: http:\/\/127\.0\.0\.1:(\d+),unix:\S+,http:\/\/127\.0\.0\.1:(\d+) \(\d+\)/);
	const answers = await Promise.all([
		get({ port: first, path: '/pid' }),
		get({ port: second, path: '/pid' }),
		get({ socketPath: join(server.folder, 'app.sock'), path: '/pid' }),
	]);
	assert.deepEqual(
		answers.map(({ body }) => Number(body)),
		Array(3).fill(server.workerPids[0]),
	);
});

test('A Unix socket as the only bind is served, survives its workers and goes with the server', async () => {
	await using server = new TestServer((folder) => ['-b', `unix:${folder}/app.sock`, '-w', '2', ...PLAIN, PLAIN_APP]);
	const socketPath = join(server.folder, 'app.sock');
	await server.logged(/Booting worker/, 2);
	const { body: pid } = await get({ socketPath, path: '/pid' });
	process.kill(Number(pid), 'SIGTERM');
	await server.logged(/Booting worker/, 3);
	assert.notEqual((await get({ socketPath, path: '/pid' })).body, pid);
	server.kill('SIGTERM');
	assert.equal(await server.exitStatus(), 0);
	assert.equal(existsSync(socketPath), false);
});

test('A stale Unix socket is replaced, and another file is refused', async () => {
	await using first = new TestServer((folder) => ['-b', `unix:${folder}/app.sock`, ...PLAIN, PLAIN_APP]);
	const socketPath = join(first.folder, 'app.sock');
	await first.logged(/Listening at/);
	// A killed arbiter leaves its socket behind.
	first.kill('SIGKILL');
	await first.exitStatus();
	assert.equal(existsSync(socketPath), true);
	await using third = new TestServer(['-b', `unix:${socketPath}`, ...PLAIN, PLAIN_APP]);
	await third.logged(/Listening at/);
	assert.equal((await get({ socketPath })).status, 200);
	await using fourth = new TestServer((folder) => {
		writeFileSync(join(folder, 'file'), 'precious');
		return ['-b', `unix:${folder}/file`, ...PLAIN, PLAIN_APP];
	});
	assert.equal(await fourth.exitStatus(), 1);
	assert.match(fourth.log, /a file that is not a socket is in the way/);
	assert.equal(readFileSync(join(fourth.folder, 'file'), 'utf8'), 'precious');
});

const OCCUPIED = ['--import', pathToFileURL(projectPath('dist/test/fixtures/occupied-stdin.js')).href];

test('A worker whose descriptor 0 is in use when the listener arrives asks for it again', async () => {
	await using server = new TestServer([...ANY_PORT, ...PLAIN, PLAIN_APP], { execArgv: OCCUPIED, env: { TSGEVENT_TEST_OCCUPY: '2' } });
	assert.equal((await server.get('/pid')).status, 200);
	assert.doesNotMatch(server.log, /ERROR/);
});

test('A worker whose descriptor 0 stays in use fails to boot, with a line that says why', async () => {
	await using server = new TestServer([...ANY_PORT, ...PLAIN, PLAIN_APP], { execArgv: OCCUPIED, env: { TSGEVENT_TEST_OCCUPY: '1000' } });
	assert.equal(await server.exitStatus(), 3);
	assert.match(server.log, /Cannot boot: the listener arrived as descriptor \d+, because something else has opened 0/);
});

test("A Unix path that is another server's by now is left alone", async () => {
	await using server = new TestServer((folder) => ['-b', `unix:${folder}/app.sock`, ...PLAIN, PLAIN_APP]);
	const path = join(server.folder, 'app.sock');
	await server.logged(/Booting worker/);
	renameSync(path, `${path}.old`);
	server.write('app.sock', "the other's");
	server.kill('SIGTERM');
	assert.equal(await server.exitStatus(), 0);
	assert.equal(readFileSync(path, 'utf8'), "the other's");
});

test('Starting a worker leaves the listening socket non-blocking', onLinux, async () => {
	await using server = new TestServer(['-w', '2', ...ANY_PORT, ...PLAIN, PLAIN_APP]);
	const { body: pid } = await server.get('/pid');
	process.kill(Number(pid), 'SIGKILL');
	await server.logged(/Booting worker/, 3);
	const { body: other } = await server.get('/pid');
	const flags = /flags:\s*(\d+)/.exec(readFileSync(`/proc/${other}/fdinfo/0`, 'utf8'))?.[1] ?? '0';
	assert.equal(Number.parseInt(flags, 8) & 0o4000, 0o4000);
});

test('A descriptor named by fd:// is served, and its path stays', async () => {
	const folder = mkdtempSync(join(tmpdir(), 'tsgunicorn-'));
	const socketPath = join(folder, 'given.sock');
	const held = await createListeners({ bind: [`unix:${socketPath}`], backlog: 16 }, new RecordedLog());
	{
		await using server = new TestServer(['-b', 'fd://3', ...PLAIN, PLAIN_APP], { descriptors: held.map(({ handle }) => handle.fd) });
		await server.logged(/Listening at: /);
		assert.equal(Number((await get({ socketPath, path: '/pid' })).body), server.workerPids[0]);
	}
	assert.equal(existsSync(socketPath), true);
	for (const listener of held) listener.close();
	rmSync(folder, { recursive: true });
});

test('HUP with another bind serves there, keeps what stays, and closes what goes', async () => {
	const bind = (folder: string, name: string) => JSON.stringify({ bind: ['127.0.0.1:0', `unix:${join(folder, name)}`] });
	await using server = new TestServer((folder) => {
		writeFileSync(join(folder, 'config.json'), bind(folder, 'old.sock'));
		return ['-c', join(folder, 'config.json'), ...PLAIN, PLAIN_APP];
	});
	const port = await server.port();
	await server.logged(/Booting worker/);
	server.write('config.json', bind(server.folder, 'new.sock'));
	server.kill('SIGHUP');
	await server.logged(/Booting worker/, 2);
	const pid = String(server.workerPids[1]);
	assert.equal((await get({ socketPath: join(server.folder, 'new.sock'), path: '/pid' })).body, pid);
	assert.equal(existsSync(join(server.folder, 'old.sock')), false);
	await server.logged(/Worker exiting/);
	assert.equal((await get({ port, path: '/pid' })).body, pid);
});
