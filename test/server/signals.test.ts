import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { ARBITER_SIGNALS, SignalQueue } from '../../src/server/signals.js';
import { PLAIN, PLAIN_APP, TestServer } from '../support/server.js';

const SERVE = ['--log-level', 'debug', '-b', '127.0.0.1:0', ...PLAIN, PLAIN_APP];

/** Waits until so many workers in all have become ready. */
async function ready(server: TestServer, count: number): Promise<number[]> {
	await server.logged(/Worker \(pid:\d+\) is ready/, count);
	return [...server.log.matchAll(/Worker \(pid:(\d+)\) is ready/g)].map(([, pid]) => Number(pid));
}

/** The pids of the workers that answer a number of requests. */
async function answering(server: TestServer): Promise<Set<number>> {
	const answers = await Promise.all(Array.from({ length: 20 }, () => server.get('/pid')));
	return new Set(answers.map(({ body }) => Number(body)));
}

/** Waits until a pattern stands in the file `error.log` so many times. */
async function fileLogged({ folder }: TestServer, pattern: RegExp, count = 1): Promise<void> {
	const path = join(folder, 'error.log');
	const deadline = performance.now() + 60_000;
	const text = () => (existsSync(path) ? readFileSync(path, 'utf8') : '');
	while ([...text().matchAll(new RegExp(pattern, 'g'))].length < count) {
		assert.ok(performance.now() < deadline, `nothing like ${pattern} (${count} times) in ${text()}`);
		await delay(10);
	}
}

async function endsWell(server: TestServer): Promise<void> {
	server.kill('SIGTERM');
	assert.equal(await server.exitStatus(), 0);
	assert.doesNotMatch(server.log, /\[(ERROR|CRITICAL)\]/);
}

test('SignalQueue keeps signals in their order until somebody takes them, and tells of those that came before', () => {
	const queue = new SignalQueue();
	const listeners = process.listeners('SIGCONT').length;
	queue.install(['SIGCONT']);
	queue.install(['SIGCONT']);
	assert.equal(process.listeners('SIGCONT').length, listeners + 1);
	process.emit('SIGCONT', 'SIGCONT');
	queue.push('SIGHUP');
	let told = 0;
	queue.attach(() => told++);
	assert.equal(told, 1);
	assert.deepEqual(queue.take(), ['SIGCONT', 'SIGHUP']);
	assert.deepEqual(queue.take(), []);
	queue.push('SIGTERM');
	assert.equal(told, 2);
	process.removeListener('SIGCONT', process.listeners('SIGCONT').at(-1) ?? assert.fail());
});

test('HUP replaces all workers, and nobody is turned away meanwhile', async () => {
	await using server = new TestServer(['-w', '2', ...SERVE]);
	const old = await ready(server, 2);
	let over = false;
	const asking = Array.from({ length: 4 }, async () => {
		const pids: number[] = [];
		while (!over) pids.push(Number((await server.get('/pid')).body));
		return pids;
	});
	server.kill('SIGHUP');
	await server.logged(/Worker exiting/, 2);
	over = true;
	const answered = (await Promise.all(asking)).flat();
	assert.ok(answered.every((pid) => pid > 0));
	assert.ok(answered.length > 8);
	for (const pid of await answering(server)) assert.ok(!old.includes(pid));
	assert.match(server.log, /Handling signal: hup\n.*Hang up: Master\n[\s\S]*Booting worker[\s\S]*is ready[\s\S]*Worker exiting/);
	assert.equal(server.workerPids.length, 4);
	await endsWell(server);
});

test('A second HUP at once, and one while the new workers boot, make one generation each at most', async () => {
	await using server = new TestServer(SERVE);
	await ready(server, 1);
	server.kill('SIGHUP');
	server.kill('SIGHUP');
	await server.logged(/Booting worker/, 2);
	server.kill('SIGHUP');
	await server.logged(/Hang up: Master/, 2);
	const [first] = server.workerPids;
	await server.logged(new RegExp(`Worker exiting \\(pid: ${first}\\)`));
	assert.equal((await answering(server)).has(Number(first)), false);
	assert.ok(server.workerPids.length <= 4);
	await endsWell(server);
});

test('TTIN adds a worker, TTOU lets the oldest go but never the last one, HUP goes back to the setting', async () => {
	await using server = new TestServer(SERVE);
	const [first] = await ready(server, 1);
	server.kill('SIGTTIN');
	await ready(server, 2);
	server.kill('SIGTTIN');
	const three = await ready(server, 3);
	assert.equal(three[0], first);
	server.kill('SIGTTOU');
	await server.logged(new RegExp(`Worker exiting \\(pid: ${first}\\)`));
	for (let times = 2; times <= 4; times++) {
		server.kill('SIGTTOU');
		await server.logged(/Handling signal: ttou/, times);
	}
	await server.logged(/Worker exiting/, 2);
	assert.deepEqual(await answering(server), new Set([three[2]]));
	server.kill('SIGTTIN');
	await ready(server, 4);
	server.kill('SIGHUP');
	await ready(server, 5);
	await server.logged(/Worker exiting/, 4);
	assert.deepEqual(await answering(server), new Set(server.workerPids.slice(-1)));
	await endsWell(server);
});

test('The number of workers is told to statsd whenever it changes', async () => {
	const receiver = createSocket('udp4');
	using _ = { [Symbol.dispose]: () => receiver.close() };
	const counts: string[] = [];
	receiver.on('message', (message) => counts.push(...(message.toString().match(/gunicorn\.workers:\d+\|g/g) ?? [])));
	await new Promise<void>((resolve) => receiver.bind(0, '127.0.0.1', resolve));
	await using server = new TestServer(['--statsd-host', `127.0.0.1:${receiver.address().port}`, ...SERVE]);
	await ready(server, 1);
	server.kill('SIGTTIN');
	await ready(server, 2);
	server.kill('SIGTTOU');
	const deadline = performance.now() + 60_000;
	while (counts.length < 3) {
		assert.ok(performance.now() < deadline, `only ${counts}`);
		await delay(10);
	}
	assert.deepEqual(
		counts.slice(0, 3),
		[1, 2, 1].map((count) => `gunicorn.workers:${count}|g`),
	);
});

test('USR1 has the master and all workers open their logs anew, each time', async () => {
	await using server = new TestServer((folder) => [
		'--log-file',
		join(folder, 'error.log'),
		'--pid',
		join(folder, 'pid'),
		'-w',
		'2',
		...SERVE,
	]);
	const path = join(server.folder, 'error.log');
	const logged = (pattern: RegExp, count: number) => fileLogged(server, pattern, count);
	await logged(/is ready/, 2);
	for (const round of [1, 2]) {
		renameSync(path, `${path}.${round}`);
		server.kill('SIGUSR1');
		await logged(/Logs reopened \(pid: \d+\)/, 2);
		assert.match(readFileSync(`${path}.${round}`, 'utf8'), /Handling signal: usr1\n/);
	}
	server.kill('SIGTERM');
	assert.equal(await server.exitStatus(), 0);
	assert.match(readFileSync(path, 'utf8'), /Worker exiting[\s\S]*Shutting down: Master\n$/);
});

test('WINCH does nothing in the foreground', async () => {
	await using server = new TestServer(SERVE);
	const pids = await ready(server, 1);
	server.killGroup('SIGWINCH');
	await server.logged(/SIGWINCH ignored\. Not daemonized/);
	assert.deepEqual(await answering(server), new Set(pids));
	await endsWell(server);
});

test('WINCH in the background ends all workers and keeps the master; HUP and TTIN bring workers back', async () => {
	await using server = new TestServer((folder) => [
		'-D',
		'--log-file',
		join(folder, 'error.log'),
		'--pid',
		join(folder, 'pid'),
		'-w',
		'2',
		...SERVE,
	]);
	assert.equal(await server.exitStatus(), 0);
	const master = Number(readFileSync(join(server.folder, 'pid'), 'utf8'));
	try {
		await fileLogged(server, /is ready/, 2);
		process.kill(master, 'SIGWINCH');
		await fileLogged(server, /Handling signal: winch\n.*graceful stop of workers/);
		await fileLogged(server, /Worker exiting/, 2);
		process.kill(master, 'SIGWINCH');
		await fileLogged(server, /graceful stop of workers/, 2);
		process.kill(master, 'SIGTTIN');
		await fileLogged(server, /is ready/, 3);
		process.kill(master, 'SIGHUP');
		await fileLogged(server, /is ready/, 5);
		await fileLogged(server, /Worker exiting/, 3);
	} finally {
		process.kill(master, 'SIGTERM');
	}
	await fileLogged(server, /Shutting down: Master/);
});

test('The signal for stacks has every worker tell where it stands, or just the one it is sent to', async () => {
	await using server = new TestServer(['-w', '2', ...SERVE]);
	const pids = await ready(server, 2);
	for (const pid of pids)
		await server.insist(
			() => server.kill('SIGURG'),
			new RegExp(`Worker \\(pid:${pid}\\): Stacks of worker ${pid} \\(asked for by a signal\\)`),
		);
	const [pid = 0] = pids;
	await server.insist(() => process.kill(pid, 'SIGURG'), new RegExp(`Worker \\(pid:${pid}\\): Stacks of worker ${pid} \\(SIGURG\\)`));
	assert.equal((await server.get('/')).status, 200);
	await endsWell(server);
});

test('What a worker has no use for does it no harm', async () => {
	await using server = new TestServer(SERVE);
	const [pid = 0] = await ready(server, 1);
	for (const signal of ['SIGHUP', 'SIGUSR2', 'SIGWINCH', 'SIGUSR1'] as const)
		for (let times = 0; times < 2; times++) process.kill(pid, signal);
	await server.logged(/Logs reopened/);
	assert.deepEqual(await answering(server), new Set([pid]));
	await endsWell(server);
});

/** Signals a process that may have ended of the first time. */
function killAgain(pid: number, signal: NodeJS.Signals): void {
	try {
		process.kill(pid, signal);
	} catch (error) {
		assert.equal((error as NodeJS.ErrnoException).code, 'ESRCH');
	}
}

for (const signal of ['SIGTERM', 'SIGINT', 'SIGQUIT', 'SIGABRT'] as const) {
	test(`A worker that somebody sends ${signal} is replaced`, async () => {
		await using server = new TestServer(SERVE);
		const [pid = 0] = await ready(server, 1);
		process.kill(pid, signal);
		killAgain(pid, signal);
		const [, next] = await ready(server, 2);
		assert.deepEqual(await answering(server), new Set([next]));
		assert.equal(/exited with code 1/.test(server.log), signal === 'SIGABRT');
	});
}

const HARMLESS = ARBITER_SIGNALS.filter((name) => !['SIGTERM', 'SIGINT', 'SIGQUIT', 'SIGUSR2'].includes(name));

/** Holds a worker, but not its master, until the file `go` exists: before it has any handler, or while its app loads. */
const HOLD = `
	import { existsSync } from 'node:fs';
	if (process.argv[1]?.endsWith('worker-process.js')) {
		process.stderr.write('worker held\\n');
		while (!existsSync(new URL('go', import.meta.url))) await new Promise((resolve) => setTimeout(resolve, 10));
	}
	export const app = (request, response) => response.end();`;

for (const [moment, makeArgs] of [
	['before it has handlers', (hold: string) => ({ args: SERVE, options: { execArgv: ['--import', pathToFileURL(hold).href] } })],
	['while its app loads', (hold: string) => ({ args: [...SERVE.slice(0, -1), hold], options: {} })],
] as const) {
	const held = async (check: (server: TestServer, go: () => void) => Promise<void>) => {
		const folder = mkdtempSync(join(tmpdir(), 'tsgunicorn-held-'));
		using _ = { [Symbol.dispose]: () => rmSync(folder, { recursive: true }) };
		const hold = join(folder, 'hold.mjs');
		writeFileSync(hold, HOLD);
		const { args, options } = makeArgs(hold);
		await using server = new TestServer(args, options);
		await server.logged(/worker held/);
		await check(server, () => writeFileSync(join(folder, 'go'), ''));
		assert.doesNotMatch(server.log, /\[(ERROR|CRITICAL)\]|Debugger listening/);
	};

	test(`Signals that come twice to a server whose worker is held ${moment} keep nobody from serving`, () =>
		held(async (server, go) => {
			for (const signal of HARMLESS) {
				for (const times of [1, 2]) {
					server.kill(signal);
					await server.logged(new RegExp(`Handling signal: ${signal.slice(3).toLowerCase()}`), times);
				}
			}
			go();
			assert.equal((await server.get('/')).status, 200);
			await endsWell(server);
		}));

	for (const signal of ['SIGTERM', 'SIGINT'] as const) {
		test(`${signal} ends a server whose worker is held ${moment}`, () =>
			held(async (server, go) => {
				server.kill(signal);
				if (moment === 'before it has handlers') {
					// Until then nothing can end it, so that the arbiter gets to the next signal after this one.
					server.kill('SIGUSR1');
					await server.logged(/Handling signal: usr1/);
					go();
				}
				assert.equal(await server.exitStatus(), 0);
			}));
	}
}

test('Signals that come before the first worker is started are handled after that', async () => {
	await using server = new TestServer(SERVE);
	await server.logged(/Starting tsgunicorn/);
	for (const signal of HARMLESS) server.kill(signal);
	for (const signal of HARMLESS) await server.logged(new RegExp(`Handling signal: ${signal.slice(3).toLowerCase()}`));
	assert.equal((await server.get('/')).status, 200);
	await endsWell(server);
});

for (const [first, second] of [
	['SIGHUP', 'SIGTERM'],
	['SIGHUP', 'SIGINT'],
	['SIGTERM', 'SIGHUP'],
	['SIGTERM', 'SIGTERM'],
	['SIGTERM', 'SIGUSR1'],
	['SIGINT', 'SIGTERM'],
	['SIGQUIT', 'SIGQUIT'],
	['SIGTTIN', 'SIGTERM'],
	['SIGUSR1', 'SIGQUIT'],
] as const) {
	test(`${first} and then ${second} end the server once, while workers boot and later`, async () => {
		await using booting = new TestServer(['-w', '2', ...SERVE]);
		await using serving = new TestServer(['-w', '2', ...SERVE]);
		await Promise.all([booting.logged(/Booting worker/), ready(serving, 2)]);
		for (const server of [booting, serving]) {
			server.kill(first);
			server.kill(second);
		}
		for (const server of [booting, serving]) {
			assert.equal(await server.exitStatus(), 0);
			assert.doesNotMatch(server.log, /\[(ERROR|CRITICAL)\]/);
			assert.equal([...server.log.matchAll(/Shutting down: Master/g)].length, 1);
		}
	});
}

for (const [first, second] of [
	['SIGTTIN', 'SIGTTOU'],
	['SIGHUP', 'SIGTTIN'],
	['SIGHUP', 'SIGUSR1'],
	['SIGUSR1', 'SIGHUP'],
] as const) {
	test(`${first} and then ${second} leave a server that serves`, async () => {
		await using server = new TestServer(SERVE);
		await ready(server, 1);
		server.kill(first);
		server.kill(second);
		for (const signal of [first, second]) await server.logged(new RegExp(`Handling signal: ${signal.slice(3).toLowerCase()}`));
		if (first === 'SIGHUP' || second === 'SIGHUP') await server.logged(/Worker exiting/);
		assert.equal((await server.get('/')).status, 200);
		await endsWell(server);
	});
}
