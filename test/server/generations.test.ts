import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { get, PLAIN, TestServer } from '../support/server.js';

const SERVE = ['--log-level', 'debug', ...PLAIN];
const appSaying = (word: string) => `export const app = (req, res) => res.end(${JSON.stringify(word)});`;

/** A server whose app, and perhaps config file, a test can change. */
function start(args: readonly string[], app: string, config = "export const bind = '127.0.0.1:0';"): TestServer {
	return new TestServer((folder) => ['-c', join(folder, 'conf.mjs'), ...args, ...SERVE, join(folder, 'app.mjs')], {
		files: { 'app.mjs': app, 'conf.mjs': config },
	});
}

test('A generation that does not boot changes nothing but the log, and is tried again until it does', async () => {
	await using server = start(['-w', '2'], appSaying('one'));
	await server.logged(/is ready/, 2);
	const old = server.workerPids;
	server.write('app.mjs', "throw new TypeError('no database');");
	server.kill('SIGHUP');
	await server.logged(/\[WARNING\] A worker failed to boot, the next one starts in 1 s, 2 serve on/);
	await server.logged(/Worker \(pid:\d+\) exited with code 4/, 2);
	assert.equal([...server.log.matchAll(/TypeError: no database/g)].length, 1);
	for (let times = 0; times < 5; times++) assert.equal((await server.get('/')).body, 'one');
	for (const pid of old) assert.doesNotMatch(server.log, new RegExp(`Worker exiting \\(pid: ${pid}\\)`));
	server.write('app.mjs', appSaying('two'));
	await server.logged(/is ready/, 4);
	for (const pid of old) await server.logged(new RegExp(`Worker exiting \\(pid: ${pid}\\)`));
	assert.equal((await server.get('/')).body, 'two');
});

test('A HUP after a failed one begins its back-off anew, and does not wait for it', async () => {
	await using server = start([], appSaying('one'));
	await server.logged(/is ready/);
	server.write('app.mjs', "throw new TypeError('no database');");
	server.kill('SIGHUP');
	await server.logged(/the next one starts in 4 s/);
	// Had it waited, its failure would be one more in the series.
	server.kill('SIGHUP');
	await server.logged(/the next one starts in 1 s/, 2);
	assert.doesNotMatch(server.log, /the next one starts in 8 s/);
	server.write('app.mjs', appSaying('two'));
	server.kill('SIGHUP');
	await server.logged(/is ready/, 2);
});

test('A config file that cannot be used keeps the old settings and workers', async () => {
	await using server = start([], appSaying('one'));
	await server.logged(/is ready/);
	for (const [index, [text, why]] of (
		[
			["export const bind = '127.0.0.1:0'; export const wrokers = 2;", /wrokers/],
			['export const workers = ', /SyntaxError|Unexpected/],
			["export const workers = 'many';", /workers/],
		] as const
	).entries()) {
		server.write('conf.mjs', text);
		server.kill('SIGHUP');
		const [line] = await server.logged(/\[ERROR\] Cannot reload, everything stays as it was: .*\n/, index + 1);
		assert.match(line, why);
	}
	assert.equal((await server.get('/')).body, 'one');
	assert.equal(server.workerPids.length, 1);
});

test('HUP takes over the settings of the file: how many workers, where they listen, the pid file', async () => {
	const config = (workers: number, ports: string, pidfile: string, folder: string) =>
		`export const workers = ${workers}; export const bind = [${ports}]; export const pidfile = ${JSON.stringify(join(folder, pidfile))};`;
	await using server = start([], appSaying('one'));
	const old = await server.port();
	await server.logged(/is ready/);
	server.write('conf.mjs', config(2, "'127.0.0.1:0', 'unix:' + new URL('socket', import.meta.url).pathname", 'two.pid', server.folder));
	server.kill('SIGHUP');
	await server.logged(/is ready/, 3);
	await server.logged(/Worker exiting/);
	assert.equal((await get({ port: old })).body, 'one', 'an address that stays keeps its socket');
	assert.equal((await get({ socketPath: join(server.folder, 'socket') })).body, 'one');
	assert.equal(readFileSync(join(server.folder, 'two.pid'), 'utf8'), `${server.pid}\n`);
	server.write('conf.mjs', config(1, "'unix:' + new URL('socket', import.meta.url).pathname", 'three.pid', server.folder));
	server.kill('SIGHUP');
	await server.logged(/Worker exiting/, 3);
	await assert.rejects(get({ port: old }), { code: 'ECONNREFUSED' });
	assert.equal((await get({ socketPath: join(server.folder, 'socket') })).body, 'one');
	assert.throws(() => readFileSync(join(server.folder, 'two.pid')), { code: 'ENOENT' });
	server.kill('SIGTERM');
	assert.equal(await server.exitStatus(), 0);
	assert.throws(() => readFileSync(join(server.folder, 'three.pid')), { code: 'ENOENT' });
});

test('An address that cannot be had leaves everything as it was', async () => {
	await using server = start([], appSaying('one'));
	await server.logged(/is ready/);
	server.write('conf.mjs', `export const bind = 'unix:${server.write('no-socket')}';`);
	server.kill('SIGHUP');
	await server.logged(/Cannot reload, everything stays as it was/);
	assert.equal((await server.get('/')).body, 'one');
	server.kill('SIGTERM');
	assert.equal(await server.exitStatus(), 0);
});

test('With rolling, HUP replaces one worker at a time', async () => {
	await using server = start(['-w', '3', '--rolling'], appSaying('one'));
	await server.logged(/is ready/, 3);
	const start3 = server.log.length;
	server.kill('SIGHUP');
	await server.logged(/Worker exiting/, 3);
	await server.logged(/is ready/, 6);
	const steps = [...server.log.slice(start3).matchAll(/Booting|is ready/g)].map(([step]) => step);
	assert.deepEqual(steps, ['Booting', 'is ready', 'Booting', 'is ready', 'Booting', 'is ready']);
});

test('With preload_app the app is checked before anything starts, and before any worker is replaced', async () => {
	await using broken = start(['--preload'], "throw new TypeError('no database');");
	assert.equal(await broken.exitStatus(), 4);
	assert.match(broken.log, /TypeError: no database/);
	assert.equal(broken.workerPids.length, 0);
	await using server = start(['--preload'], appSaying('one'));
	await server.logged(/is ready/);
	server.write('app.mjs', "throw new TypeError('no database');");
	server.kill('SIGHUP');
	await server.logged(/Cannot reload, everything stays as it was: the app does not load/);
	assert.equal((await server.get('/')).body, 'one');
	assert.equal(server.workerPids.length, 1);
	server.write('app.mjs', appSaying('two'));
	server.kill('SIGHUP');
	await server.logged(/Worker exiting/);
	assert.equal((await server.get('/')).body, 'two');
});

test('A worker that crashes as soon as it serves is not replaced without end', async () => {
	// Only once it serves, or the server would end with it: after the turn of the loop in which the app has loaded.
	await using server = start([], `${appSaying('one')} setImmediate(() => process.exit(7));`);
	await server.logged(/exited with code 7/, 2);
	await server.logged(/\[WARNING\] A worker ended right after its boot, the next one starts in 1 s\n/);
	await server.logged(/\[WARNING\] A worker ended right after its boot, the next one starts in 2 s\n/);
	server.kill('SIGTERM');
	assert.equal(await server.exitStatus(), 0);
});

test('A worker that is killed as soon as it serves is replaced at once, those in its place are not', async () => {
	// As a system does that is short of memory.
	await using server = start([], `${appSaying('one')} setImmediate(() => process.kill(process.pid, 'SIGKILL'));`);
	await server.logged(/SIGKILL! Perhaps out of memory\?/, 2);
	const { index } = await server.logged(/\[WARNING\] A worker was killed right after its boot, the next one starts in 1 s\n/);
	assert.equal(server.log.slice(0, index).match(/Booting worker/g)?.length, 2);
	await server.logged(/\[WARNING\] A worker was killed right after its boot, the next one starts in 2 s\n/);
	server.kill('SIGTERM');
	assert.equal(await server.exitStatus(), 0);
});

test('TERM during a HUP whose new workers hang ends them, too', async () => {
	await using server = start(['-w', '2'], appSaying('one'));
	await server.logged(/is ready/, 2);
	server.write('app.mjs', 'await new Promise((resolve) => setTimeout(resolve, 1e6)); export const app = 1;');
	server.kill('SIGHUP');
	await server.logged(/Booting worker/, 4);
	assert.equal((await server.get('/')).body, 'one');
	server.kill('SIGTERM');
	assert.equal(await server.exitStatus(), 0);
	assert.doesNotMatch(server.log, /ERROR|did not leave in time/);
});

test('TERM while preload_app checks an app that spins ends the server, and the check', async () => {
	const spinning = "process.stderr.write('app loads\\n'); for (;;);";
	await using first = start(['--preload'], spinning);
	await using later = start(['--preload'], appSaying('one'));
	await later.logged(/is ready/);
	later.write('app.mjs', spinning);
	later.kill('SIGHUP');
	for (const server of [first, later]) {
		await server.logged(/app loads/);
		server.kill('SIGTERM');
		assert.equal(await server.exitStatus(), 0);
		assert.doesNotMatch(server.log, /ERROR/);
		// Disposing asserts that no process is left.
	}
});
