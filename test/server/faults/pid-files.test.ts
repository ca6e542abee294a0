import assert from 'node:assert/strict';
import { chmodSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { PLAIN, PLAIN_APP, TestServer } from '../../support/server.js';

function start(pidFile: string | undefined, wrapper: readonly string[] = []): TestServer {
	return new TestServer((folder) => ['-p', pidFile ?? join(folder, 'app.pid'), '-b', '127.0.0.1:0', ...PLAIN, PLAIN_APP], { wrapper });
}

test('What stands in a stale or malformed pid file keeps no server from starting, and goes with it', async () => {
	const starts = ['', 'no pid', '-1', '0', '4194304\n', `${'9'.repeat(30)}\n`].map(async (text) => {
		await using server = new TestServer((folder) => ['-p', join(folder, 'app.pid'), '-b', '127.0.0.1:0', ...PLAIN, PLAIN_APP], {
			files: { 'app.pid': text },
		});
		const path = join(server.folder, 'app.pid');
		await server.logged(/Listening at/);
		assert.equal(readFileSync(path, 'utf8'), `${server.pid}\n`, JSON.stringify(text));
		server.kill('SIGTERM');
		assert.equal(await server.exitStatus(), 0);
		assert.equal(existsSync(path), false);
		assert.doesNotMatch(server.log, /ERROR/);
	});
	await Promise.all(starts);
});

test('A pid file of a process that lives, be it a server or not, or that cannot be read, ends the start with 1 and one line', {
	skip: process.getuid?.() !== 0 && 'only root becomes somebody else',
}, async () => {
	await using other = start(undefined);
	const path = other.write('other.pid', `${process.pid}\n`);
	const unreadable = other.write('unreadable.pid', '1\n');
	chmodSync(other.folder, 0o777);
	chmodSync(unreadable, 0o600);
	const nobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];
	const refusals = (
		[
			[path, [], `already running on PID ${process.pid}`],
			[unreadable, nobody, 'EACCES'],
		] as const
	).map(async ([file, wrapper, why]) => {
		await using server = start(file, wrapper);
		assert.equal(await server.exitStatus(), 1);
		assert.match(server.log, new RegExp(`^\\S+ \\S+ \\S+ \\[\\d+\\] \\[ERROR\\] [^\\n]*${why}[^\\n]*\\n$`));
	});
	await Promise.all(refusals);
	assert.equal(readFileSync(path, 'utf8'), `${process.pid}\n`);
	assert.equal(readFileSync(unreadable, 'utf8'), '1\n');
});
