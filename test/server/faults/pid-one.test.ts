import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { eventually } from '../../support/background.js';
import { PLAIN, TestServer } from '../../support/server.js';

const NAMESPACE = ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc'];
const skip = spawnSync(NAMESPACE[0] as string, [...NAMESPACE.slice(1), 'true']).status !== 0 && 'this machine gives no process namespace';

/** Starts a process that leaves one of its own behind, as shells and mailers do. */
const APP = `
	import { execFileSync } from 'node:child_process';
	export const handler = (request, response) => {
		if (request.url === '/orphan') execFileSync('sh', ['-c', '(sleep 0.1; exec true) > /dev/null 2>&1 &']);
		response.end(String(process.pid));
	};
`;

function serverAsPidOne(): TestServer {
	return new TestServer((folder) => ['-b', '127.0.0.1:0', '-w', '2', ...PLAIN, `${folder}/app.mjs:handler`], {
		files: { 'app.mjs': APP },
		wrapper: NAMESPACE,
	});
}

function childrenOf(pid: number): number[] {
	return readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').split(' ').filter(Boolean).map(Number);
}

/** The children of the server that have ended and that nobody has waited for. */
function zombiesOf(pid: number): number[] {
	return childrenOf(pid).filter((child) => /^State:\s+Z/m.test(readFileSync(`/proc/${child}/status`, 'latin1')));
}

/** What is PID 1 in there, by the number that it has out here. */
async function pidOne(server: TestServer): Promise<number> {
	await server.logged(/Booting worker/, 2);
	const [pid] = childrenOf(server.pid);
	assert.ok(pid);
	return pid;
}

describe('As PID 1', { skip }, () => {
	test('it serves, says what it does not do, refuses USR2, and ends on TERM', async () => {
		await using server = serverAsPidOne();
		const pid = await pidOne(server);
		await server.logged(
			/\[WARNING\] Running as PID 1: what other processes leave behind stays as zombies; start the container with --init/,
		);
		assert.match(server.log, /Listening at: \S+ \(1\)/);
		assert.equal((await server.get('/')).status, 200);
		process.kill(pid, 'SIGUSR2');
		await server.logged(/\[ERROR\] Cannot upgrade as PID 1: /);
		process.kill(pid, 'SIGHUP');
		await server.logged(/Booting worker/, 4);
		assert.equal((await server.get('/')).status, 200);
		process.kill(pid, 'SIGTERM');
		assert.equal(await server.exitStatus(), 0);
		assert.match(server.log, /Shutting down: Master/);
	});

	test('it waits for its workers, however they end, and not for those of others', async () => {
		await using server = serverAsPidOne();
		const pid = await pidOne(server);
		await server.get('/');
		for (const [index, signal] of (['SIGKILL', 'SIGTERM'] as const).entries()) {
			const [worker] = childrenOf(pid);
			assert.ok(worker);
			process.kill(worker, signal);
			await server.logged(/Booting worker/, 3 + index);
			await eventually('the end of the worker', () => !childrenOf(pid).includes(worker));
		}
		assert.deepEqual(zombiesOf(pid), []);
		assert.equal((await server.get('/orphan')).status, 200);
		// What the warning speaks of.
		await eventually('the zombie of the orphan', () => zombiesOf(pid).length === 1);
		assert.equal((await server.get('/')).status, 200);
		process.kill(pid, 'SIGTERM');
		assert.equal(await server.exitStatus(), 0);
	});
});
