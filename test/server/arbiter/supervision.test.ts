import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, renameSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { get, PLAIN, PLAIN_APP, TestServer } from '../../support/server.js';

const ANY_PORT = ['-b', '127.0.0.1:0'];
const HANDLER = 'export const app = (req, res) => res.end(String(process.pid));\n';

test('An arbiter without a free descriptor starts the next worker later', async () => {
	// A shell that gives the server few descriptors: those of a machine take too long to use up.
	await using server = new TestServer((folder) => ['-c', join(folder, 'conf.mjs'), ...ANY_PORT, ...PLAIN, PLAIN_APP], {
		wrapper: ['sh', '-c', 'ulimit -n 96; exec "$@"', 'sh'],
		files: {
			'conf.mjs': `import { closeSync, existsSync, openSync } from 'node:fs';
		export function pre_fork(server, worker) {
			if (worker.age !== 2) return;
			const held = [];
			try { for (;;) held.push(openSync('/dev/null')); } catch (error) { server.log.info(String(error)); }
			// As many as it takes to get as far as to the start of the process.
			for (const fd of held.splice(0, 2)) closeSync(fd);
			const look = setInterval(() => {
				if (!existsSync(new URL('./go', import.meta.url))) return;
				clearInterval(look);
				for (const fd of held) closeSync(fd);
			}, 20);
		}`,
		},
	});
	const [pid = 0] = [await server.get('/'), ...server.workerPids].slice(1) as number[];
	process.kill(pid, 'SIGKILL');
	await server.logged(/\[ERROR\] Worker \(pid:none\) could not be started: spawn \S+ EMFILE/);
	await server.logged(/A worker failed to boot, the next one starts in 1 s/);
	server.write('go');
	assert.equal((await server.get('/')).status, 200);
});

test('What an app writes to the lines of its worker does the arbiter no harm', async () => {
	await using server = new TestServer((folder) => [...ANY_PORT, ...PLAIN, join(folder, 'app.mjs')], {
		files: {
			'app.mjs': `import { writeSync } from 'node:fs';
		process.send(null);
		process.send('ready');
		writeSync(4, 'no message\\n[1]\\n');
		${HANDLER}`,
		},
	});
	const { body } = await server.get('/');
	await server.logged(new RegExp(`Worker \\(pid:${body}\\): Cannot read what came over the line of its watchdog`));
	assert.equal((await server.get('/')).body, body);
});

test('HUP follows a symbolic link to the folder of the start that has been changed', async () => {
	await using folders = new TestServer(['--version']);
	const { folder } = folders;
	for (const name of ['one', 'two']) {
		mkdirSync(join(folder, name));
		folders.write(join(name, 'app.mjs'), `export const app = (req, res) => res.end('${name}');`);
	}
	const current = join(folder, 'current');
	symlinkSync('one', current);
	await using server = new TestServer([...ANY_PORT, ...PLAIN, 'app.mjs'], { cwd: current, env: { PWD: current } });
	assert.equal((await server.get('/')).body, 'one');
	symlinkSync('two', join(folder, 'next'));
	renameSync(join(folder, 'next'), current);
	server.kill('SIGHUP');
	await server.logged(/Worker exiting/);
	assert.equal((await server.get('/')).body, 'two');
	server.kill('SIGTERM');
	assert.equal(await server.exitStatus(), 0);
});

test('A stop, and a HUP, wait for hooks that run', async () => {
	const text = `import { appendFileSync } from 'node:fs';
		export async function child_exit(server, worker) {
			await new Promise((resolve) => setTimeout(resolve, 800));
			appendFileSync(new URL('hooks', import.meta.url), worker.age + '\\n');
		}`;
	await using server = new TestServer((folder) => ['-c', join(folder, 'conf.mjs'), ...ANY_PORT, ...PLAIN, PLAIN_APP], {
		files: { 'conf.mjs': text },
	});
	await server.get('/');
	const [pid = 0] = server.workerPids;
	process.kill(pid, 'SIGKILL');
	await server.logged(/SIGKILL! Perhaps/);
	await server.get('/');
	server.kill('SIGHUP');
	await server.logged(/Worker exiting/);
	await server.get('/');
	server.kill('SIGTERM');
	assert.equal(await server.exitStatus(), 0);
	assert.doesNotMatch(server.log, /Hook child_exit .* failed/);
	assert.equal(readFileSync(join(server.folder, 'hooks'), 'utf8').split('\n').filter(Boolean).length, server.workerPids.length);
});

test('An app that does not load ends the server with 4, even if a thread keeps its process from exiting', async () => {
	await using server = new TestServer((folder) => [...ANY_PORT, ...PLAIN, join(folder, 'app.mjs')], {
		files: {
			'app.mjs': `import { execFileSync } from 'node:child_process';
		import { constants, openSync, writeSync } from 'node:fs';
		import { Worker } from 'node:worker_threads';
		const fifo = new URL('fifo', import.meta.url).pathname;
		execFileSync('mkfifo', [fifo]);
		new Worker(\`require('node:fs').readFileSync('\${fifo}');\`, { eval: true });
		// More than fits into the FIFO: somebody reads, and will wait for more.
		let writer;
		for (let written = 0; written < 2 ** 18; await new Promise(setImmediate)) {
			try {
				writer ??= openSync(fifo, constants.O_WRONLY | constants.O_NONBLOCK);
				written += writeSync(writer, Buffer.alloc(2 ** 15));
			} catch (error) {
				if (error.code !== 'ENXIO' && error.code !== 'EAGAIN') throw error;
			}
		}
		throw new Error('no database');`,
		},
	});
	assert.equal(await server.exitStatus(), 4);
	assert.match(server.log, /no database/);
	assert.match(server.log, /did not leave in time and is killed/);
	assert.equal(server.workerPids.length, 1);
});

test('A HUP with a user whom workers cannot become changes nothing', async () => {
	await using server = new TestServer((folder) => ['-c', join(folder, 'gunicorn.conf.json'), ...ANY_PORT, ...PLAIN, PLAIN_APP], {
		files: { 'gunicorn.conf.json': '{}' },
	});
	await server.get('/');
	server.write('gunicorn.conf.json', '{"user": "no-such-user"}');
	server.kill('SIGHUP');
	await server.logged(/Cannot reload, everything stays as it was: .*there is no such user/);
	assert.equal((await get({ port: await server.port() })).status, 200);
	assert.equal(server.workerPids.length, 1);
});

test('A worker that ends right after its boot, for whatever reason, is not replaced at once', async () => {
	await using server = new TestServer((folder) => [...ANY_PORT, ...PLAIN, join(folder, 'app.mjs')], {
		files: { 'app.mjs': 'export const app = () => process.exit(0);' },
	});
	// Waits for the worker, and ends it as soon as it serves.
	await assert.rejects(server.get('/'), { code: 'ECONNRESET' });
	await server.logged(/A worker ended right after its boot, the next one starts in 1 s/);
	server.kill('SIGTERM');
	assert.equal(await server.exitStatus(), 0);
});

test('--check-config is ended by TERM while the app loads', async () => {
	await using server = new TestServer((folder) => ['--check-config', ...PLAIN, join(folder, 'app.mjs')], {
		files: { 'app.mjs': "console.log('loading'); setInterval(() => undefined, 1_000); await new Promise(() => undefined);" },
	});
	await server.logged(/loading/);
	server.kill('SIGTERM');
	assert.equal(await server.exitStatus(), 1);
	assert.doesNotMatch(server.log, /boot_timeout/);
});

test('HUP names the processes anew', async () => {
	await using server = new TestServer((folder) => ['-c', join(folder, 'gunicorn.conf.json'), ...ANY_PORT, ...PLAIN, PLAIN_APP], {
		files: { 'gunicorn.conf.json': '{"proc_name": "before"}' },
	});
	await server.get('/');
	const title = () => readFileSync(`/proc/${server.pid}/cmdline`, 'utf8');
	assert.match(title(), /master \[before\]/);
	server.write('gunicorn.conf.json', '{"proc_name": "behind"}');
	server.kill('SIGHUP');
	await server.logged(/Worker exiting/);
	assert.match(title(), /master \[behind\]/);
});
