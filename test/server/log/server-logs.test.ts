import assert from 'node:assert/strict';
import { chmodSync, existsSync, readdirSync, readFileSync, readlinkSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { eventually } from '../../support/background.js';
import { Folder, Pipe } from '../../support/log-child.js';
import { projectPath } from '../../support/project.js';
import { get, PLAIN_APP, TestServer } from '../../support/server.js';

const asRoot = process.geteuid?.() === 0;
const ADDRESS = ['-k', 'async', '-b', '127.0.0.1:0'];
const FAULTY_APP = `${projectPath('dist/test/fixtures/faulty-app.js')}:handler`;

/** What an app prints in its own thread, while it loads and while it serves, and what a child of it prints. */
const PRINTING_APP = `
import { execSync } from 'node:child_process';
console.log('printed while loading');
export function app(request, response) {
	console.log('printed by the handler');
	console.error('complained by the handler');
	execSync('echo printed by a child; echo complained by a child >&2', { stdio: 'inherit' });
	response.end();
}`;

function logsIn(folder: string): { errorlog: string; accesslog: string; args: string[] } {
	const [errorlog, accesslog] = [join(folder, 'error.log'), join(folder, 'access.log')];
	return { errorlog, accesslog, args: ['--error-logfile', errorlog, '--access-logfile', accesslog] };
}

async function portIn(errorlog: string): Promise<number> {
	return Number(
		await eventually('it listens', () => existsSync(errorlog) && /Listening at: \S*:(\d+)/.exec(readFileSync(errorlog, 'utf8'))?.[1]),
	);
}

function workersIn(errorlog: string): number[] {
	return [...readFileSync(errorlog, 'utf8').matchAll(/Booting worker with pid: (\d+)/g)].map(([, pid]) => Number(pid));
}

function filesOf(pid: number): string[] {
	return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
		try {
			return [readlinkSync(`/proc/${pid}/fd/${fd}`)];
		} catch {
			// Closed in between.
			return [];
		}
	});
}

describe('The logs of a server', () => {
	test('are opened anew on USR1 by the arbiter and by each worker, and stay those of user and group', {
		skip: process.platform === 'linux' ? false : 'it looks into /proc',
	}, async () => {
		const drop = asRoot ? ['-u', '65534', '-g', '65534'] : [];
		await using server = new TestServer((folder) => [...ADDRESS, '-w', '2', ...drop, ...logsIn(folder).args, PLAIN_APP]);
		chmodSync(server.folder, 0o755);
		const { errorlog, accesslog } = logsIn(server.folder);
		const port = await portIn(errorlog);
		assert.equal((await get({ port, path: '/before' })).status, 200);
		await eventually('it is logged', () => readFileSync(accesslog, 'utf8').includes('/before') && workersIn(errorlog).length === 2);
		for (const path of [errorlog, accesslog]) renameSync(path, `${path}.1`);
		server.kill('SIGUSR1');
		await eventually('both are there again', () => existsSync(errorlog) && existsSync(accesslog));
		if (asRoot) await eventually('both are given away', () => [errorlog, accesslog].every((path) => statSync(path).uid === 65534));
		const pids = [server.pid, ...workersIn(`${errorlog}.1`)];
		assert.equal(pids.length, 3);
		for (const path of [errorlog, accesslog])
			await eventually('all have the new file open', () =>
				pids.every((pid) => filesOf(pid).includes(path) && !filesOf(pid).includes(`${path}.1`)),
			);
		assert.equal((await get({ port, path: '/after' })).status, 200);
		server.kill('SIGTERM');
		assert.equal(await server.exitStatus(), 0);
		assert.match(readFileSync(accesslog, 'utf8'), /^\S+ .*\/after HTTP\/1\.1" 200 .*\n$/);
		assert.match(readFileSync(errorlog, 'utf8'), /Shutting down: Master\n$/);
		assert.doesNotMatch(readFileSync(`${errorlog}.1`, 'utf8'), /Worker exiting/);
	});

	test('hear of late errors of greenlet threads, also after USR1', async () => {
		await using server = new TestServer((folder) => {
			const { args } = logsIn(folder);
			return ['-k', 'gevent', '--worker-connections', '1', '-b', '127.0.0.1:0', ...args, FAULTY_APP];
		});
		const { errorlog } = logsIn(server.folder);
		const port = await portIn(errorlog);
		const [rejected, thrown] = [
			/\[ERROR\] Error after the end of request GET \/reject-late\n/,
			/\[ERROR\] Uncaught error in a greenlet thread/,
		];
		let worker = 0;
		for (const pattern of [rejected, thrown]) {
			if (pattern === thrown) server.write('throw');
			const path = pattern === thrown ? server.pathUntil('/late', 'throw') : '/reject-late';
			assert.equal((await get({ port, path })).status, 200);
			worker ||= workersIn(errorlog)[0] ?? 0;
			await eventually('it is logged', () => pattern.test(readFileSync(errorlog, 'utf8')));
			renameSync(errorlog, `${errorlog}.1`);
			server.kill('SIGUSR1');
			await eventually('the log is there again', () => existsSync(errorlog));
			// Not only for the arbiter, which opens it first.
			if (process.platform === 'linux') await eventually('the worker has it open', () => filesOf(worker).includes(errorlog));
		}
		assert.equal(server.log, '');
	});

	for (const worker of ['sync', 'gevent'])
		test(`have what a ${worker} worker, its threads and its children print, with capture_output`, async () => {
			await using server = new TestServer(
				(folder) => {
					const { errorlog } = logsIn(folder);
					return ['-k', worker, '-b', '127.0.0.1:0', '--capture-output', '--error-logfile', errorlog, join(folder, 'app.mjs')];
				},
				{ files: { 'app.mjs': PRINTING_APP } },
			);
			const { errorlog } = logsIn(server.folder);
			const port = await portIn(errorlog);
			assert.equal((await get({ port })).status, 200);
			for (const line of [
				'printed while loading',
				'printed by the handler',
				'complained by the handler',
				'printed by a child',
				'complained by a child',
			])
				await eventually(line, () => readFileSync(errorlog, 'utf8').split('\n').includes(line));
			renameSync(errorlog, `${errorlog}.1`);
			server.kill('SIGUSR1');
			await eventually('the log is there again', () => existsSync(errorlog));
			// The worker opens it after the arbiter has.
			await eventually('the handler goes on in it', async () => {
				assert.equal((await get({ port })).status, 200);
				return /^printed by the handler\ncomplained by the handler\n/m.test(readFileSync(errorlog, 'utf8'));
			});
			server.kill('SIGTERM');
			assert.equal(await server.exitStatus(), 0);
			assert.equal(server.log, '');
		});

	test('that cannot be opened end the start with status 1 and one line', async () => {
		await using server = new TestServer([...ADDRESS, '--access-logfile', '/nowhere/access.log', PLAIN_APP]);
		assert.equal(await server.exitStatus(), 1);
		assert.match(server.log, /^.*Cannot open the access log \/nowhere\/access\.log \(accesslog\): ENOENT.*\n$/);
	});

	test('whose reader has stopped hold up neither requests nor the end', async () => {
		using folder = new Folder();
		using pipe = new Pipe(folder);
		const wrapper = ['sh', '-c', 'exec "$@" >&3 3>&-', 'sh'];
		// Each line is long, so that the pipe is soon full.
		const format = `%(U)s ${'x'.repeat(1_000)}`;
		await using server = new TestServer([...ADDRESS, '--access-logfile', '-', '--access-logformat', format, PLAIN_APP], {
			wrapper,
			descriptors: [pipe.writer],
		});
		for (let asked = 0; asked < 200; asked++) assert.equal((await server.get('/pid')).status, 200);
		server.kill('SIGTERM');
		assert.equal(await server.exitStatus(), 0);
		assert.match(pipe.read(), /^(\/pid x{1000}\n){50,}$/);
	});
});
