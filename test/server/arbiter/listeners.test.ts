import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, readlinkSync, renameSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { projectPath } from '../../support/project.js';
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
	return readdirSync(`/proc/${pid}/fd`).filter((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`).startsWith('socket:')).length;
}

test('Connections queue before any worker is ready, and the arbiter accepts none of them', onLinux, async () => {
	await using server = new TestServer((folder) => [...ANY_PORT, ...PLAIN, join(folder, 'gated.mjs')]);
	server.write('gated.mjs', GATED_APP);
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
	assert.match(
		server.log,
		new RegExp(`\\[ERROR\\] Cannot listen at http://127\\.0\\.0\\.1:${port}: the address is already in use \\(EADDRINUSE\\)`),
	);
	assert.doesNotMatch(server.log, /Listening at/);
	taken.close();
});

test('The same port twice is refused, though both can be bound', async () => {
	const free = net.createServer();
	await new Promise<void>((resolve) => free.listen(0, '127.0.0.1', resolve));
	const { port } = free.address() as net.AddressInfo;
	await new Promise((resolve) => free.close(resolve));
	await using server = new TestServer(['-b', `127.0.0.1:${port}`, '-b', `127.0.0.1:${port}`, ...PLAIN, PLAIN_APP]);
	assert.equal(await server.exitStatus(), 1);
	assert.match(server.log, /already in use/);
});

test('An address that is not ours and a name that does not exist end the server with 1', async () => {
	await using foreign = new TestServer(['-b', '192.0.2.1:0', ...PLAIN, PLAIN_APP]);
	await using unknown = new TestServer(['-b', 'nowhere.invalid:0', ...PLAIN, PLAIN_APP]);
	assert.equal(await foreign.exitStatus(), 1);
	assert.match(foreign.log, /Cannot listen at http:\/\/192\.0\.2\.1:0: .*EADDRNOTAVAIL/);
	assert.equal(await unknown.exitStatus(), 1);
	assert.match(unknown.log, /Cannot listen at http:\/\/nowhere\.invalid:0: /);
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

test('A stale Unix socket is replaced, a live one and another file are refused', async () => {
	await using first = new TestServer((folder) => ['-b', `unix:${folder}/app.sock`, ...PLAIN, PLAIN_APP]);
	const socketPath = join(first.folder, 'app.sock');
	await first.logged(/Listening at/);
	await using second = new TestServer(['-b', `unix:${socketPath}`, ...PLAIN, PLAIN_APP]);
	assert.equal(await second.exitStatus(), 1);
	assert.match(second.log, /already in use/);
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
