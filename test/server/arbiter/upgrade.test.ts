import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Background, eventually } from '../../support/background.js';
import { textIfThere } from '../../support/files.js';
import { projectRoot } from '../../support/project.js';
import { get, PLAIN, PLAIN_APP, TestServer } from '../../support/server.js';

const onLinux = { skip: process.platform !== 'linux' && 'reads /proc' };
const ANY_PORT = ['-b', '127.0.0.1:0'];

/** TCP, a Unix socket and a pid file. */
function everything(folder: string): string[] {
	return [...ANY_PORT, '-b', `unix:${folder}/app.sock`, '-p', join(folder, 'app.pid'), ...PLAIN, PLAIN_APP];
}

/** 0 where there is no such file. */
function readPid(path: string): number {
	return Number(textIfThere(path));
}

function titleOf(pid: number): string {
	return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', '').trim();
}

/** Sends USR2 and waits until the new master's first worker boots. */
async function upgraded(server: TestServer): Promise<Background> {
	const booted = server.workerPids.length;
	server.kill('SIGUSR2');
	const [, pid] = await server.logged(/New master started \(pid:(\d+)\)/);
	await server.logged(/Booting worker/, booted + 1);
	return new Background(Number(pid));
}

test('USR2, then TERM: the new master takes over the sockets, the pid file and the name', onLinux, async () => {
	await using server = new TestServer(everything);
	const pidFile = join(server.folder, 'app.pid');
	const socketPath = join(server.folder, 'app.sock');
	const port = await server.port();
	await server.logged(/Booting worker/);
	assert.match(titleOf(server.pid), /^tsgunicorn: master \[/);
	await using next = await upgraded(server);
	assert.equal(readPid(pidFile), server.pid);
	assert.equal(readPid(`${pidFile}.2`), next.pid);
	assert.match(titleOf(next.pid), /^tsgunicorn: Master\.2 \[/);
	server.kill('SIGTERM');
	await server.logged(/Master has been promoted/);
	await eventually('the pid file of the new master', () => !existsSync(`${pidFile}.2`) && readPid(pidFile) === next.pid);
	assert.match(titleOf(next.pid), /^tsgunicorn: master \[/);
	const worker = String(server.workerPids[1]);
	assert.equal((await get({ port, path: '/pid' })).body, worker);
	assert.equal((await get({ socketPath, path: '/pid' })).body, worker);
	// A blocking listener would hang whichever worker loses the race for a connection.
	const flags = /flags:\s*(\d+)/.exec(readFileSync(`/proc/${worker}/fdinfo/0`, 'utf8'))?.[1] ?? '0';
	assert.equal(Number.parseInt(flags, 8) & 0o4000, 0o4000);
	next.kill('SIGTERM');
	await next.ended();
	assert.equal(existsSync(socketPath), false);
	assert.equal(existsSync(pidFile), false);
	assert.equal(server.log.match(/ERROR|WARNING/), null, server.log);
});

test('TERM before the new master has booted: the sockets wait for it', async () => {
	await using server = new TestServer(everything);
	const pidFile = join(server.folder, 'app.pid');
	await server.logged(/Booting worker/);
	server.kill('SIGUSR2');
	const [, pid] = await server.logged(/New master started \(pid:(\d+)\)/);
	server.kill('SIGTERM');
	await using _next = new Background(Number(pid));
	assert.equal(Number((await get({ socketPath: join(server.folder, 'app.sock'), path: '/pid' })).status), 200);
	await eventually('the pid file of the new master', () => existsSync(pidFile) && readPid(pidFile) === Number(pid));
});

test('Roll-back: TERM to the new master leaves the old one serving, and its paths alone', async () => {
	await using server = new TestServer(everything);
	const pidFile = join(server.folder, 'app.pid');
	const socketPath = join(server.folder, 'app.sock');
	await server.logged(/Booting worker/);
	const { ino } = statSync(socketPath);
	const next = await upgraded(server);
	server.kill('SIGHUP');
	await server.logged(/Booting worker/, 3);
	next.kill('SIGTERM');
	await server.logged(/New master \(pid:\d+\) exited with code 0; this one \(pid:\d+\) stays the master/);
	assert.equal(statSync(socketPath).ino, ino);
	assert.equal((await get({ socketPath, path: '/pid' })).status, 200);
	assert.equal(readPid(pidFile), server.pid);
	assert.equal(existsSync(`${pidFile}.2`), false);
	// Another attempt is possible.
	server.kill('SIGUSR2');
	const [, pid] = await server.logged(/New master started \(pid:(\d+)\)/, 2);
	await using _again = new Background(Number(pid));
	await server.logged(/Booting worker/, 4);
});

test('A new master that fails to boot leaves the old one serving, with a line in the log', async () => {
	await using server = new TestServer((folder) => [...ANY_PORT, ...PLAIN, join(folder, 'app.mjs')], {
		files: { 'app.mjs': "export const app = (req, res) => res.end('old');" },
	});
	assert.equal((await server.get('/')).body, 'old');
	server.write('app.mjs', "throw new Error('broken by the new version');");
	server.kill('SIGUSR2');
	const [line] = await server.logged(/\[ERROR\] New master \(pid:\d+\) exited with code 4; this one \(pid:\d+\) stays the master/);
	assert.match(line, new RegExp(`this one \\(pid:${server.pid}\\)`));
	assert.match(server.log, /broken by the new version/);
	assert.equal((await server.get('/')).body, 'old');
});

test('USR2 is ignored while another master lives, on either side', async () => {
	await using server = new TestServer([...ANY_PORT, ...PLAIN, PLAIN_APP]);
	await server.logged(/Booting worker/);
	await using next = await upgraded(server);
	server.kill('SIGUSR2');
	await server.logged(/\[WARNING\] USR2 signal ignored\. Child exists\./);
	next.kill('SIGUSR2');
	await server.logged(/\[WARNING\] USR2 signal ignored\. Parent exists\./);
	assert.equal(server.log.match(/New master started/g)?.length, 1);
});

test('A new master takes over when the old one is killed', async () => {
	await using server = new TestServer(everything);
	const pidFile = join(server.folder, 'app.pid');
	await server.logged(/Booting worker/);
	await using next = await upgraded(server);
	server.kill('SIGKILL');
	await server.logged(/Master has been promoted/);
	await eventually('the pid file of the new master', () => readPid(pidFile) === next.pid);
	assert.equal((await get({ socketPath: join(server.folder, 'app.sock'), path: '/pid' })).status, 200);
});

test('The new master has the directory and the environment of the start, after the hook pre_exec', onLinux, async () => {
	await using server = new TestServer(
		(folder) => ['-c', join(folder, 'config.mjs'), '--chdir', 'test', '-e', 'TSGEVENT_TEST_RAW=1', ...ANY_PORT, ...PLAIN, PLAIN_APP],
		{
			cwd: projectRoot,
			env: { TSGEVENT_TEST_START: 'kept', GUNICORN_FD: undefined },
			files: { 'config.mjs': "export function pre_exec({ log, pid }) { log.warning('pre_exec of ' + pid); }" },
		},
	);
	await server.logged(/Booting worker/);
	await using next = await upgraded(server);
	assert.ok(server.log.indexOf(`pre_exec of ${server.pid}`) < server.log.indexOf('New master started'), server.log);
	const env = readFileSync(`/proc/${next.pid}/environ`, 'utf8').split('\0');
	assert.ok(env.includes('TSGEVENT_TEST_START=kept'));
	assert.ok(env.includes(`GUNICORN_PID=${server.pid}`));
	assert.ok(env.includes('GUNICORN_FD=3'));
	assert.equal(
		env.some((entry) => entry.startsWith('TSGEVENT_TEST_RAW=')),
		false,
	);
});

test('As PID 1 an upgrade is refused', {
	skip: spawnSync('unshare', ['-pf', 'true']).status !== 0 && 'this machine gives no process namespace',
}, async () => {
	await using server = new TestServer([...ANY_PORT, ...PLAIN, PLAIN_APP], { wrapper: ['unshare', '-pf', '--kill-child'] });
	await server.logged(/Running as PID 1/);
	await server.logged(/Booting worker/);
	const inside = Number(execFileSync('ps', ['-o', 'pid=', '--ppid', String(server.pid)], { encoding: 'utf8' }));
	process.kill(inside, 'SIGUSR2');
	await server.logged(/\[ERROR\] Cannot upgrade as PID 1: /);
	assert.equal((await server.get('/pid')).status, 200);
	process.kill(inside, 'SIGTERM');
	assert.equal(await server.exitStatus(), 0);
});

test('The new master gets the sockets of a HUP that came during the hook pre_exec', async () => {
	await using server = new TestServer((folder) => ['-c', join(folder, 'config.mjs'), ...PLAIN, PLAIN_APP]);
	const path = (name: string) => join(server.folder, name);
	const configure = (name: string) =>
		server.write(
			'config.mjs',
			`import { existsSync } from 'node:fs';
			export const bind = 'unix:${path(name)}';
			export async function pre_exec(server) {
				server.log.info('pre_exec begins');
				while (!existsSync('${path('go')}')) await new Promise((resolve) => setTimeout(resolve, 10));
			}`,
		);
	configure('one.sock');
	await server.logged(/Booting worker/);
	server.kill('SIGUSR2');
	await server.logged(/pre_exec begins/);
	configure('two.sock');
	server.kill('SIGHUP');
	await eventually('the end of the socket before', () => !existsSync(path('one.sock')));
	server.write('go');
	const [, pid] = await server.logged(/New master started \(pid:(\d+)\)/);
	await using _next = new Background(Number(pid));
	await server.logged(new RegExp(`\\[${pid}\\] \\[INFO\\] Listening at: unix:${path('two.sock')}`));
	server.kill('SIGTERM');
	await server.logged(/Master has been promoted/);
	assert.equal((await get({ socketPath: path('two.sock'), path: '/pid' })).status, 200);
});
