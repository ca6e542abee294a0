import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { eventually } from '../../support/background.js';
import { get, PLAIN, PLAIN_APP, TestServer } from '../../support/server.js';

const ANY_PORT = ['-b', '127.0.0.1:0'];

test('A log path that cannot be written ends the start with 1 and one line that names it', async () => {
	const places: [args: (folder: string) => string[], line: RegExp][] = [
		[(folder) => ['--error-logfile', folder], /Cannot open the error log \S+ \(errorlog\): EISDIR/],
		[(folder) => ['--access-logfile', join(folder, 'no', 'access.log')], /Cannot open the access log \S+access\.log \(accesslog\): ENOENT/],
		[(folder) => ['--error-logfile', join(folder, 'file', 'error.log')], /Cannot open the error log \S+error\.log \(errorlog\): ENOTDIR/],
	];
	const endings = places.map(async ([args, line]) => {
		await using server = new TestServer((folder) => [...args(folder), ...ANY_PORT, ...PLAIN, PLAIN_APP]);
		server.write('file');
		assert.equal(await server.exitStatus(), 1);
		assert.match(server.log, line);
		assert.equal(server.log.trim().split('\n').length, 1, server.log);
	});
	await Promise.all(endings);
});

test('Logs whose folder has gone when USR1 comes are written on where they were, and the log says so', async () => {
	await using server = new TestServer((folder) => {
		mkdirSync(join(folder, 'logs'));
		return [...['--error-logfile', join(folder, 'logs', 'error.log'), '-w', '2'], ...ANY_PORT, ...PLAIN, PLAIN_APP];
	});
	const [logs, moved] = [join(server.folder, 'logs'), join(server.folder, 'moved')];
	const text = (folder: string) => {
		const path = join(folder, 'error.log');
		return existsSync(path) ? readFileSync(path, 'utf8') : '';
	};
	await eventually('two workers boot', () => text(logs).match(/Booting worker/g)?.length === 2);
	const [, port] = /Listening at: \S*:(\d+)/.exec(text(logs)) ?? [];
	renameSync(logs, moved);
	server.kill('SIGUSR1');
	const complaint = /\[ERROR\] Cannot reopen the error log \S+error\.log, which goes on in the old file: ENOENT/;
	await eventually('it is said', () => complaint.test(text(moved) + server.log));
	assert.equal((await get({ port })).status, 200);
	mkdirSync(logs);
	server.kill('SIGUSR1');
	server.kill('SIGTERM');
	assert.equal(await server.exitStatus(), 0);
	assert.match(text(logs), /Shutting down: Master\n$/);
	rmSync(logs, { recursive: true });
});
