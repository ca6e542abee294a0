import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { eventually } from '../../support/background.js';
import { PLAIN, PLAIN_APP, TestServer } from '../../support/server.js';
import { SmallDisk } from '../../support/small-disk.js';

const ANY_PORT = ['-b', '127.0.0.1:0'];

test('A full disk under the access log costs lines of it, says so once, and harms no request, no USR1 and no stop', async (context) => {
	using disk = SmallDisk.mount();
	if (!disk) return context.skip('nothing can be mounted here');
	const path = disk.file('access.log');
	await using server = new TestServer([
		...[
			'--log-level',
			'debug',
			'-k',
			'async',
			'--access-logfile',
			path,
			'--access-logformat',
			`%(U)s ${'x'.repeat(500)}`,
			...ANY_PORT,
			PLAIN_APP,
		],
	]);
	assert.equal((await server.get('/pid')).status, 200);
	await eventually('the line', () => /^\/pid x+\n$/.test(readFileSync(path, 'utf8')));
	disk.fill();
	for (let asked = 0; asked < 20; asked++) assert.equal((await server.get('/full')).status, 200);
	await server.logged(/\[WARNING\] Cannot write to \S+access\.log, which is tried again each second: ENOSPC/);
	server.kill('SIGUSR1');
	await server.logged(/Logs reopened/);
	assert.equal((await server.get('/full')).status, 200);
	disk.empty();
	assert.equal((await server.get('/after')).status, 200);
	await server.logged(/Writing to \S+access\.log works again/);
	await eventually('the last line', () => /\/after x+\n$/.test(readFileSync(path, 'utf8')));
	assert.equal(server.log.match(/Cannot write to/g)?.length, 1, server.log);
	disk.fill();
	assert.equal((await server.get('/full')).status, 200);
	server.kill('SIGTERM');
	assert.equal(await server.exitStatus(), 0);
});

test('A full disk under the pid file ends the start with 1 and one line, and leaves no half of a file', async (context) => {
	using disk = SmallDisk.mount();
	if (!disk) return context.skip('nothing can be mounted here');
	disk.fill();
	await using server = new TestServer(['-p', disk.file('app.pid'), ...ANY_PORT, ...PLAIN, PLAIN_APP]);
	assert.equal(await server.exitStatus(), 1);
	assert.match(server.log, /^\S+ \S+ \S+ \[\d+\] \[ERROR\] Cannot use the pid file \S+app\.pid: ENOSPC[^\n]*\n$/);
	assert.deepEqual(readdirSync(disk.path), ['filler']);
});
