import assert from 'node:assert/strict';
import { readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Background, eventually, lives } from '../../support/background.js';
import { textIfThere } from '../../support/files.js';
import { describeLoad, Load } from '../../support/load.js';
import { projectPath } from '../../support/project.js';
import { get, PLAIN, PLAIN_APP, TestServer } from '../../support/server.js';

const onLinux = { skip: process.platform !== 'linux' && 'reads /proc' };

/** A daemon at a Unix socket, with its pid and its log in files. */
function daemonArgs(folder: string): string[] {
	return ['-D', '-b', `unix:${folder}/app.sock`, '-p', join(folder, 'app.pid')];
}

function read(server: TestServer, name: string): string {
	return readFileSync(join(server.folder, name), 'utf8');
}

/** The server in the background, once the command has returned. */
async function daemonOf(server: TestServer): Promise<Background> {
	assert.equal(await server.exitStatus(), 0, server.log);
	return new Background(Number(read(server, 'app.pid')));
}

test('-D returns 0 once the server serves, which lives on in a session of its own', onLinux, async () => {
	await using server = new TestServer((folder) => [...daemonArgs(folder), '--log-file', join(folder, 'error.log'), ...PLAIN, PLAIN_APP]);
	await using daemon = await daemonOf(server);
	assert.notEqual(daemon.pid, server.pid);
	assert.equal((await get({ socketPath: join(server.folder, 'app.sock'), path: '/pid' })).status, 200);
	// After the name in brackets: state, parent, process group, session.
	const [, , group, session] = readFileSync(`/proc/${daemon.pid}/stat`, 'utf8')
		.replace(/^.*\) /s, '')
		.split(' ')
		.map(Number);
	assert.deepEqual([group, session], [daemon.pid, daemon.pid]);
	for (const fd of [0, 1, 2]) assert.equal(readlinkSync(`/proc/${daemon.pid}/fd/${fd}`), '/dev/null');
	assert.equal(/^Umask:\s*(\d+)/m.exec(readFileSync(`/proc/${daemon.pid}/status`, 'utf8'))?.[1], '0022');
	assert.equal(server.log, '');
	assert.match(read(server, 'error.log'), /Booting worker/);
	daemon.kill('SIGTERM');
	await daemon.ended();
});

test('-D hands on the status of a failed start, with what was said', async () => {
	await using server = new TestServer((folder) => [...daemonArgs(folder), ...PLAIN, join(folder, 'app.mjs')]);
	assert.equal(await server.exitStatus(), 4);
	assert.match(server.log, /\[ERROR\] .*there is no module/);
	assert.match(server.log, /Reason: App failed to load\./);
});

test('-D with an app that throws prints its error', async () => {
	await using server = new TestServer(
		(folder) => [...daemonArgs(folder), '--log-file', join(folder, 'error.log'), ...PLAIN, join(folder, 'app.mjs')],
		{ files: { 'app.mjs': "throw new Error('broken from the start');" } },
	);
	assert.equal(await server.exitStatus(), 4);
	assert.match(server.log, /broken from the start/);
	assert.match(read(server, 'error.log'), /broken from the start/);
});

test('-D with an address in use exits with 1 and says so', async () => {
	await using first = new TestServer((folder) => ['-b', `unix:${folder}/app.sock`, ...PLAIN, PLAIN_APP]);
	await first.logged(/Listening at/);
	await using second = new TestServer(['-D', '-b', `unix:${first.folder}/app.sock`, ...PLAIN, PLAIN_APP]);
	assert.equal(await second.exitStatus(), 1);
	assert.match(second.log, /Connection in use: unix:/);
	assert.match(second.log, /Can't connect to unix:/);
});

test('-D -R keeps the standard streams', onLinux, async () => {
	await using server = new TestServer((folder) => ['-R', ...daemonArgs(folder), ...PLAIN, PLAIN_APP]);
	await server.logged(/Booting worker/);
	const pid = await eventually('the pid file', () => Number(textIfThere(join(server.folder, 'app.pid'))));
	await using daemon = new Background(pid);
	await eventually('the end of the command', () => !lives(server.pid));
	assert.match(readlinkSync(`/proc/${daemon.pid}/fd/2`), /^(?:pipe|socket):/);
	daemon.kill('SIGTERM');
	await daemon.ended();
	assert.equal(await server.exitStatus(), 0);
	assert.match(server.log, /Handling signal: term/);
});

test('A daemon is upgraded without going to the background again, and WINCH stops its workers', async () => {
	await using server = new TestServer((folder) => [...daemonArgs(folder), '--log-file', join(folder, 'error.log'), ...PLAIN, PLAIN_APP]);
	await using daemon = await daemonOf(server);
	const socketPath = join(server.folder, 'app.sock');
	daemon.kill('SIGUSR2');
	const pid = await eventually('the new master', () => /New master started \(pid:(\d+)\)/.exec(read(server, 'error.log'))?.[1]);
	await using next = new Background(Number(pid));
	await eventually('its worker', () => read(server, 'error.log').match(/Booting worker/g)?.[1]);
	daemon.kill('SIGWINCH');
	await eventually('the end of the old worker', () => /Worker exiting/.exec(read(server, 'error.log')));
	assert.equal((await get({ socketPath, path: '/pid' })).status, 200);
	daemon.kill('SIGTERM');
	await daemon.ended();
	await eventually('the pid file', () => Number(textIfThere(join(server.folder, 'app.pid'))) === next.pid);
	assert.equal((await get({ socketPath, path: '/pid' })).status, 200);
});

test('WINCH under load drops nothing: what comes while there are no workers is served by those that a HUP brings', async () => {
	await using server = new TestServer((folder) => [
		...[...daemonArgs(folder), '--log-file', join(folder, 'error.log'), '--log-level', 'debug'],
		...['-w', '2', '-k', 'async', '--keep-alive', '75', `${projectPath('dist/test/fixtures/load-app.js')}:handler`],
	]);
	await using daemon = await daemonOf(server);
	await using load = new Load({
		to: join(server.folder, 'app.sock'),
		fresh: 4,
		kept: 4,
		idle: 8,
		paths: ['/', '/slow', '/big', '/pieces'],
	});
	await load.more(100);
	const logged = (what: RegExp, count: number) =>
		eventually(`${count} times ${what}`, () => (read(server, 'error.log').match(what)?.length ?? 0) >= count);
	for (const round of [1, 2]) {
		daemon.kill('SIGWINCH');
		load.nudge();
		await logged(/graceful stop of workers/g, round);
		await logged(/Worker exiting/g, 2 * round);
		daemon.kill('SIGHUP');
		await logged(/Worker \(pid:\d+\) is ready/g, 2 + 2 * round);
		await load.more(100);
	}
	const report = await load.stop();
	assert.equal(report.failed, 0, `${describeLoad(report)}\n${read(server, 'error.log')}`);
	daemon.kill('SIGTERM');
	await daemon.ended();
	assert.doesNotMatch(read(server, 'error.log'), /ERROR/);
});
