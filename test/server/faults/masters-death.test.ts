import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from '../../support/background.js';
import { isRunning } from '../../support/process-figures.js';
import { projectPath } from '../../support/project.js';
import { quietPort } from '../../support/quiet-port.js';
import { get, PLAIN, PLAIN_APP, TestServer } from '../../support/server.js';

const APP = `${projectPath('dist/test/fixtures/endless-app.js')}:handler`;
const ANY_PORT = ['-b', '127.0.0.1:0'];
/** Orphans have two seconds; the rest is for a machine that is busy with other tests. Left alone these would never end. */
const DEADLINE_MS = 60_000;

/** Kills the master and waits until none of these runs. */
async function allLeaveAfterItsDeath(server: TestServer, pids: readonly number[]): Promise<void> {
	server.kill('SIGKILL');
	const deadline = performance.now() + DEADLINE_MS;
	while (pids.some(isRunning)) {
		assert.ok(performance.now() < deadline, `left: ${pids.filter(isRunning)}, of ${pids}\n${server.log}`);
		await delay(20);
	}
}

describe('kill -9 of the master', { skip: process.platform !== 'linux' && 'reads /proc' }, () => {
	for (const kind of ['gevent', 'sync']) {
		test(`takes its ${kind} workers along, with handlers that park, spin and sit in native calls`, async () => {
			await using server = new TestServer(['-k', kind, '-w', '3', '--timeout', '0', ...ANY_PORT, APP]);
			const lost = ['/park', '/spin', '/native'].map((path) => {
				const answer = server.get(server.pathUntil(path, 'pipe'));
				return assert.rejects(answer, { code: 'ECONNRESET' });
			});
			for (const path of ['/park', '/spin', '/native']) await server.logged(new RegExp(`begin ${path}`));
			await allLeaveAfterItsDeath(server, server.workerPids);
			await Promise.all(lost);
			await server.logged(/Parent changed, shutting down: \d+/);
		});
	}

	test('is survived by nothing that keeps a new one from starting at the same port, path and pid file', async () => {
		const port = await quietPort();
		await using first = new TestServer((folder) => [
			...['-b', `127.0.0.1:${port}`],
			...['-b', `unix:${folder}/app.sock`, '-p', join(folder, 'app.pid'), ...PLAIN, PLAIN_APP],
		]);
		await first.get('/pid');
		await allLeaveAfterItsDeath(first, first.workerPids);
		const [socketPath, pidFile] = [join(first.folder, 'app.sock'), join(first.folder, 'app.pid')];
		assert.ok(existsSync(socketPath) && existsSync(pidFile));
		await using second = new TestServer(['-b', `127.0.0.1:${port}`, '-b', `unix:${socketPath}`, '-p', pidFile, ...PLAIN, PLAIN_APP]);
		assert.equal((await second.get('/pid')).body, (await get({ socketPath, path: '/pid' })).body);
		assert.equal(readFileSync(pidFile, 'utf8'), `${second.pid}\n`);
		second.kill('SIGTERM');
		assert.equal(await second.exitStatus(), 0);
		assert.ok(!existsSync(socketPath) && !existsSync(pidFile));
		assert.doesNotMatch(second.log, /ERROR|WARNING/);
	});

	test('that is the second one takes its workers along, and the first one stays the master', async () => {
		await using server = new TestServer((folder) => ['-b', `unix:${folder}/app.sock`, '-p', join(folder, 'app.pid'), ...PLAIN, PLAIN_APP]);
		await server.logged(/Booting worker/);
		server.kill('SIGUSR2');
		const [, second] = await server.logged(/New master started \(pid:(\d+)\)/);
		await server.logged(/Booting worker/, 2);
		process.kill(Number(second), 'SIGKILL');
		await server.logged(
			new RegExp(`\\[ERROR\\] New master \\(pid:${second}\\) was ended by SIGKILL; this one \\(pid:${server.pid}\\) stays`),
		);
		await server.logged(/Parent changed, shutting down/);
		// It may still have taken a connection.
		await eventually('the end of its worker', () => !isRunning(server.workerPids[1] ?? 0));
		const { body } = await get({ socketPath: join(server.folder, 'app.sock'), path: '/pid' });
		assert.equal(Number(body), server.workerPids[0]);
		// What it left behind is in nobody's way.
		server.kill('SIGUSR2');
		const [, third] = await server.logged(/New master started \(pid:(\d+)\)/, 2);
		await server.logged(/Booting worker/, 3);
		server.kill('SIGTERM');
		await server.logged(/Master has been promoted/);
		process.kill(Number(third), 'SIGTERM');
		await server.logged(/Shutting down: Master/, 2);
	});
});

test('ABRT ends the master as it is, as in gunicorn, and its workers leave', {
	skip: process.platform !== 'linux' && 'reads /proc',
}, async () => {
	// Without a dump of its memory in the current folder.
	await using server = new TestServer(['-w', '2', ...ANY_PORT, ...PLAIN, PLAIN_APP], {
		wrapper: ['sh', '-c', 'ulimit -c 0; exec "$@"', 'sh'],
	});
	await server.get('/pid');
	await server.logged(/Booting worker/, 2);
	server.kill('SIGABRT');
	assert.equal(await server.exitStatus(), null, server.log);
	await eventually('the end of the workers', () => !server.workerPids.some(isRunning));
	assert.doesNotMatch(server.log, /Handling signal/);
});
