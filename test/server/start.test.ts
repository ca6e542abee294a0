import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { processName } from '../../src/server/arbiter/process-title.js';
import { workerEnvironment } from '../../src/server/arbiter/worker-environment.js';
import { PLAIN, PLAIN_APP, TestServer } from '../support/server.js';

const ANY_PORT = ['-b', '127.0.0.1:0'];
const onLinux = { skip: process.platform !== 'linux' && 'reads /proc' };

function titleOf(pid: number): string {
	return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', '').trim();
}

test('workerEnvironment() reads KEY=VALUE, with any value', () => {
	const { SERVER_SOFTWARE, ...given } = workerEnvironment(['A=1', 'EMPTY=', 'LINES=a=b\nc']);
	assert.match(SERVER_SOFTWARE ?? '', /^tsgunicorn\/\d/);
	assert.deepEqual(given, { A: '1', EMPTY: '', LINES: 'a=b\nc' });
	assert.equal(workerEnvironment(['SERVER_SOFTWARE=mine']).SERVER_SOFTWARE, 'mine');
	for (const wrong of ['A', '=1', '']) assert.throws(() => workerEnvironment([wrong]), { code: 'ERR_CONFIG' }, wrong);
});

test('processName() is the name given, else what is served', () => {
	assert.equal(processName({ proc_name: 'given', default_proc_name: 'gunicorn' }, 'app.js'), 'given');
	assert.equal(processName({ proc_name: null, default_proc_name: 'other' }, 'app.js'), 'other');
	assert.equal(processName({ proc_name: null, default_proc_name: 'gunicorn' }, 'app.js'), 'app.js');
});

test('proc_name is shown by the master and its workers, raw_env reaches the workers', onLinux, async () => {
	await using server = new TestServer(['-n', 'shop', '-e', 'TSGEVENT_TEST_RAW=a=b', ...ANY_PORT, ...PLAIN, PLAIN_APP]);
	const { body: pid } = await server.get('/pid');
	assert.equal(titleOf(server.pid), 'tsgunicorn: master [shop]');
	assert.equal(titleOf(Number(pid)), 'tsgunicorn: worker [shop]');
	assert.ok(readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').includes('TSGEVENT_TEST_RAW=a=b'));
});

test('chdir comes before the app is looked for and before paths are used', async () => {
	await using server = new TestServer((folder) => {
		mkdirSync(join(folder, 'inside'));
		writeFileSync(join(folder, 'inside', 'app.mjs'), 'export const app = (req, res) => res.end(process.cwd());');
		return ['--chdir', join(folder, 'inside'), '-p', 'app.pid', ...ANY_PORT, ...PLAIN, 'app.mjs'];
	});
	assert.equal((await server.get('/')).body, join(server.folder, 'inside'));
	assert.equal(readFileSync(join(server.folder, 'inside', 'app.pid'), 'utf8'), `${server.pid}\n`);
});

test('A live pid file keeps a second server from starting, a stale one does not', async () => {
	await using first = new TestServer((folder) => ['-p', join(folder, 'app.pid'), ...ANY_PORT, ...PLAIN, PLAIN_APP]);
	await first.logged(/Listening at/);
	const path = join(first.folder, 'app.pid');
	await using second = new TestServer(['-p', path, ...ANY_PORT, ...PLAIN, PLAIN_APP]);
	assert.equal(await second.exitStatus(), 1);
	assert.match(second.log, new RegExp(`\\[ERROR\\] Cannot start: already running on PID ${first.pid}, or the pid file ${path} is stale`));
	assert.equal(readFileSync(path, 'utf8'), `${first.pid}\n`);
	first.kill('SIGKILL');
	await first.exitStatus();
	await using third = new TestServer(['-p', path, ...ANY_PORT, ...PLAIN, PLAIN_APP]);
	await third.logged(/Listening at/);
	assert.equal(readFileSync(path, 'utf8'), `${third.pid}\n`);
	third.kill('SIGTERM');
	assert.equal(await third.exitStatus(), 0);
	assert.equal(existsSync(path), false);
});

test('A pid file that cannot be read or written ends the server with 1 and one line', async () => {
	await using folderInTheWay = new TestServer((folder) => ['-p', folder, ...ANY_PORT, ...PLAIN, PLAIN_APP]);
	await using nowhere = new TestServer((folder) => ['-p', join(folder, 'missing', 'app.pid'), ...ANY_PORT, ...PLAIN, PLAIN_APP]);
	for (const server of [folderInTheWay, nowhere]) {
		assert.equal(await server.exitStatus(), 1);
		assert.match(server.log, /^\S+ \S+ \S+ \[\d+\] \[ERROR\] Cannot use the pid file \S+: E[A-Z]+: [^\n]*\n$/);
	}
});

test('Signals that come before the server listens end nothing but what they are meant to', async () => {
	const config = `
		import { existsSync, writeSync } from 'node:fs';
		import { setTimeout } from 'node:timers/promises';
		writeSync(2, 'loading\\n');
		while (!existsSync(new URL('go', import.meta.url))) await setTimeout(10);`;
	await using server = new TestServer((folder) => ['-c', join(folder, 'config.mjs'), ...ANY_PORT, ...PLAIN, PLAIN_APP], {
		files: { 'config.mjs': config },
	});
	await server.logged(/loading/);
	for (const signal of ['SIGHUP', 'SIGUSR1', 'SIGWINCH', 'SIGURG', 'SIGTTOU'] as const) server.kill(signal);
	server.write('go');
	assert.equal((await server.get('/pid')).status, 200);
	assert.doesNotMatch(server.log, /ERROR/);
});
