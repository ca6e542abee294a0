import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { halt, isRunning } from '../support/process-figures.js';
import { PLAIN, TestServer } from '../support/server.js';

/** `/pid`; `/spin` blocks the hub for ever, and says so first; `/grow` takes 200 MB. */
const APP = `
import { writeSync } from 'node:fs';
const hold = [];
function spinForEver() { writeSync(2, 'spinning ' + process.pid + '\\n'); for (;;); }
export function app(request, response) {
	if (request.url === '/spin') { response.writeHead(200); response.write('spinning'); setImmediate(spinForEver); return; }
	if (request.url === '/grow') hold.push(Buffer.alloc(200e6, 1));
	response.end(String(process.pid));
}`;

function start(args: readonly string[], app = APP, config?: string): TestServer {
	const more = (folder: string) => (config === undefined ? [] : ['-c', join(folder, 'conf.mjs')]);
	return new TestServer(
		(folder) => ['--log-level', 'debug', '-b', '127.0.0.1:0', ...more(folder), ...args, ...PLAIN, join(folder, 'app.mjs')],
		{ files: { 'app.mjs': app, 'conf.mjs': config ?? '' } },
	);
}

test('A worker whose hub is blocked is given up: its stacks are logged, it is killed and replaced', async () => {
	await using server = start(['--timeout', '2']);
	await assert.rejects(server.get('/spin'), { code: 'ECONNRESET' });
	const [, pid] = await server.logged(/spinning (\d+)\n/);
	await server.logged(
		new RegExp(`\\[CRITICAL\\] WORKER TIMEOUT \\(pid:${pid}\\)\\n[\\s\\S]*Worker \\(pid:${pid}\\): Stacks of worker[\\s\\S]*spinForEver`),
	);
	const { body: next } = await server.get('/pid');
	assert.notEqual(next, pid);
	assert.doesNotMatch(server.log, /out of memory/);
});

test('A stopped worker is killed, although it can tell nothing', async () => {
	await using server = start(['--timeout', '1', '-w', '2']);
	await server.logged(/is ready/, 2);
	const [pid = 0] = server.workerPids;
	await halt(pid);
	await server.logged(new RegExp(`WORKER TIMEOUT \\(pid:${pid}\\)`));
	await server.logged(/is ready/, 3);
	await server.logged(new RegExp(`Worker \\(pid:${pid}\\): No stacks`));
	// Disposing asserts that it has gone.
});

test('Without timeout a blocked hub stays', async () => {
	await using server = start(['--timeout', '0', '--graceful-timeout', '0']);
	const spinning = assert.rejects(server.get('/spin'), { code: 'ECONNRESET' });
	await server.logged(/spinning \d/);
	await delay(2_500);
	assert.doesNotMatch(server.log, /TIMEOUT/);
	server.kill('SIGTERM');
	await spinning;
	assert.equal(await server.exitStatus(), 0);
});

const HANGING = 'setInterval(() => undefined, 1_000); await new Promise(() => undefined); export const app = 1;';

test('A first worker that never gets ready ends the server with 3', async () => {
	await using server = start(['--boot-timeout', '1'], HANGING);
	assert.equal(await server.exitStatus(), 3);
	assert.match(server.log, /\[CRITICAL\] WORKER TIMEOUT \(pid:\d+\): it did not get ready within boot_timeout \(1 s\)\n/);
	// One that takes that long to start Node has no watchdog yet that could look.
	assert.match(server.log, /Booting worker[\s\S]*WORKER TIMEOUT/.test(server.log) ? /Stacks of worker/ : /No stacks/);
	assert.match(server.log, /Reason: Worker failed to boot\./);
});

test('A later worker that never gets ready is tried again, while the old one serves', async () => {
	await using server = start([], APP, '');
	const { body: pid } = await server.get('/pid');
	server.write('app.mjs', HANGING);
	// Only from here on: the first worker takes its time on a busy machine.
	server.write('conf.mjs', 'export const boot_timeout = 1;');
	server.kill('SIGHUP');
	await server.logged(/it did not get ready within boot_timeout/);
	await server.logged(/A worker failed to boot, the next one starts in 1 s, 1 serves on/);
	assert.equal((await server.get('/pid')).body, pid);
});

test('A pause of the whole server ends nobody', async () => {
	await using server = start(['--timeout', '2', '-w', '2']);
	await server.logged(/is ready/, 2);
	const { workerPids } = server;
	for (const pid of [server.pid, ...workerPids]) await halt(pid);
	await delay(3_100);
	// The arbiter first, until it has looked around: to it all workers have been silent for too long.
	process.kill(server.pid, 'SIGCONT');
	server.kill('SIGUSR1');
	await server.logged(/Handling signal: usr1/);
	for (const pid of workerPids) process.kill(pid, 'SIGCONT');
	// The workers have had their turn, and the arbiter another one.
	await server.logged(/Logs reopened \(pid: \d+\)/, 2);
	server.kill('SIGUSR1');
	await server.logged(/Handling signal: usr1/, 2);
	await server.logged(/Logs reopened \(pid: \d+\)/, 4);
	assert.doesNotMatch(server.log, /TIMEOUT/);
	assert.equal((await server.get('/pid')).status, 200);
	assert.deepEqual(server.workerPids, workerPids);
});

test('A pause of the whole server does not eat up the time that a stop may take', async () => {
	await using server = start(
		// Long enough for a busy machine to do what is left after the pause.
		['--graceful-timeout', '4'],
		APP.replace(
			"'/spin') {",
			"'/slow') { writeSync(2, 'slow begins\\n'); setTimeout(() => response.end('slow'), 1_500); return; } else if (request.url === '/spin') {",
		),
	);
	await server.get('/pid');
	const answer = server.get('/slow');
	await server.logged(/slow begins/);
	server.kill('SIGTERM');
	await server.logged(/Handling signal: term/);
	const [pid = 0] = server.workerPids;
	for (const one of [server.pid, pid]) await halt(one);
	await delay(6_500);
	process.kill(server.pid, 'SIGCONT');
	server.kill('SIGUSR1');
	await server.logged(/Handling signal: usr1/);
	process.kill(pid, 'SIGCONT');
	// The worker has deadlines of its own, which may or may not have passed; the arbiter's have not.
	await answer.catch(() => undefined);
	assert.equal(await server.exitStatus(), 0);
	assert.doesNotMatch(server.log, /did not leave in time/);
});

test('A worker that takes more memory than max_memory_hard allows is killed, and the log says so', async () => {
	await using server = start(['--max-memory-hard', '180']);
	const { body: pid } = await server.get('/pid');
	await server.get('/grow').catch((error: NodeJS.ErrnoException) => assert.equal(error.code, 'ECONNRESET'));
	await server.logged(
		new RegExp(`\\[ERROR\\] Worker \\(pid:${pid}\\) uses \\d+ MB, more than max_memory_hard \\(180 MB\\) allows, and is killed\\n`),
	);
	// Until it has gone it may accept one more connection.
	await server.logged(/Booting worker/, 2);
	assert.notEqual((await server.get('/pid')).body, pid);
	assert.doesNotMatch(server.log, /Perhaps out of memory/);
});

test('Workers leave by themselves when their arbiter is killed, busy, booting or spinning', {
	skip: process.platform !== 'linux',
}, async () => {
	await using server = start(['-w', '3', '--timeout', '0']);
	await server.logged(/is ready/, 3);
	const spinning = server.get('/spin').catch((error: NodeJS.ErrnoException) => error.code);
	await server.logged(/spinning \d/);
	server.write('app.mjs', HANGING);
	server.kill('SIGHUP');
	await server.logged(/Booting worker/, 6);
	server.kill('SIGKILL');
	// They take less than two seconds, but the machine may give them none.
	const deadline = performance.now() + 30_000;
	while (server.workerPids.some(isRunning)) {
		assert.ok(performance.now() < deadline, `left: ${server.workerPids.filter(isRunning)}, of ${server.workerPids}\n${server.log}`);
		await delay(20);
	}
	assert.equal(await spinning, 'ECONNRESET');
});
