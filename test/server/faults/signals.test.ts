import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { Background, eventually } from '../../support/background.js';
import { textIfThere } from '../../support/files.js';
import { childrenOf } from '../../support/process-figures.js';
import { projectPath } from '../../support/project.js';
import { get, PLAIN, PLAIN_APP, TestServer } from '../../support/server.js';

const ANY_PORT = ['-b', '127.0.0.1:0'];
const onLinux = { skip: process.platform !== 'linux' && 'reads /proc' };

type Pair = readonly [first: NodeJS.Signals, second: NodeJS.Signals];

/** Sends one signal once the one before it is being handled: the kernel would keep no order, and make one of two that are the same. */
async function send(server: TestServer, [first, second]: Pair): Promise<void> {
	const booted = server.workerPids.length;
	for (const [index, name] of [first, second].entries()) {
		const line = new RegExp(`Handling signal: ${name.slice(3).toLowerCase()}\\n`, 'g');
		const times = server.log.match(line)?.length ?? 0;
		try {
			server.kill(name);
		} catch (error) {
			// The first one has ended it.
			assert.equal((error as NodeJS.ErrnoException).code, 'ESRCH');
		}
		// Nobody listens for CHLD, and the second may come too late.
		if (name !== 'SIGCHLD' && (index === 0 || !STOPS.includes(first))) await server.logged(line, times + 1);
		// What comes while the settings are being read would be about the old ones.
		if (index === 0 && name === 'SIGHUP' && RESIZES.includes(second)) await server.logged(/Booting worker/, booted + 1);
	}
}

const RESIZES: readonly NodeJS.Signals[] = ['SIGTTIN', 'SIGTTOU'];
const STOPS: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGINT', 'SIGQUIT'];

/** Signals of which the second finds the server stopping, or stops it: status 0, one last line, and nobody is started any more. */
const ENDINGS: readonly Pair[] = [
	['SIGINT', 'SIGINT'],
	['SIGTERM', 'SIGQUIT'],
	['SIGQUIT', 'SIGTERM'],
	['SIGINT', 'SIGHUP'],
	['SIGTERM', 'SIGTTIN'],
	['SIGTERM', 'SIGUSR2'],
	['SIGTERM', 'SIGWINCH'],
	['SIGTTOU', 'SIGTERM'],
	['SIGHUP', 'SIGQUIT'],
	['SIGURG', 'SIGTERM'],
	['SIGCHLD', 'SIGINT'],
];

test('Pairs of signals that end the server end it once, while its first worker boots and later', onLinux, async () => {
	const ending = async ([first, second]: Pair, moment: RegExp) => {
		await using server = new TestServer(['--log-level', 'debug', ...ANY_PORT, ...PLAIN, PLAIN_APP]);
		await server.logged(moment);
		await send(server, [first, second]);
		const status = await server.exitStatus();
		const which = `${first} and ${second} at ${moment}\n${server.log}`;
		assert.equal(status, 0, which);
		assert.equal(server.log.match(/Shutting down: Master/g)?.length, 1, which);
		assert.doesNotMatch(server.log, /\[(ERROR|CRITICAL)\]|New master started/, which);
	};
	for (let start = 0; start < ENDINGS.length; start += 4)
		await Promise.all(
			ENDINGS.slice(start, start + 4).flatMap((pair) => [/Booting worker/, /is ready/].map((moment) => ending(pair, moment))),
		);
});

/** Signals that leave two workers serving, and how many of those that served before do so afterwards. */
const STAYS: readonly (readonly [...Pair, workers: number, kept: number])[] = [
	['SIGTTIN', 'SIGTTIN', 4, 2],
	['SIGTTOU', 'SIGTTOU', 2, 2],
	['SIGTTIN', 'SIGTTOU', 2, 1],
	['SIGTTOU', 'SIGTTIN', 2, 1],
	['SIGUSR1', 'SIGUSR1', 2, 2],
	['SIGURG', 'SIGURG', 2, 2],
	['SIGWINCH', 'SIGWINCH', 2, 2],
	['SIGCHLD', 'SIGCHLD', 2, 2],
	['SIGHUP', 'SIGHUP', 2, 0],
	['SIGTTIN', 'SIGHUP', 2, 0],
	['SIGHUP', 'SIGTTIN', 3, 0],
	['SIGTTOU', 'SIGHUP', 2, 0],
	['SIGHUP', 'SIGTTOU', 1, 0],
	['SIGWINCH', 'SIGHUP', 2, 0],
];

test('Pairs of signals that change the workers leave as many as they ask for, of the right age', onLinux, async () => {
	await using server = new TestServer(['--log-level', 'debug', '-w', '2', ...ANY_PORT, ...PLAIN, PLAIN_APP]);
	await server.logged(/is ready/, 2);
	let before = childrenOf(server.pid);
	for (const [first, second, workers, kept] of STAYS) {
		const which = `${first} and ${second}`;
		await send(server, [first, second]);
		const ready = (pid: number) => server.log.includes(`Worker (pid:${pid}) is ready`);
		const isAsAsked = () => {
			const now = childrenOf(server.pid);
			return now.length === workers && now.every(ready) && before.filter((pid) => now.includes(pid)).length === kept;
		};
		await eventually(which, isAsAsked).catch((error) => assert.fail(`${error}: ${before}, ${childrenOf(server.pid)}\n${server.log}`));
		assert.equal((await server.get('/')).status, 200, which);
		before = childrenOf(server.pid);
	}
	assert.doesNotMatch(server.log, /\[(ERROR|CRITICAL)\]/);
});

/** USR2 and another: what becomes of the old master, and how many new ones there are. */
const UPGRADES: readonly (readonly [...Pair, old: 'ends' | 'serves'])[] = [
	['SIGUSR2', 'SIGUSR2', 'serves'],
	['SIGUSR2', 'SIGHUP', 'serves'],
	['SIGHUP', 'SIGUSR2', 'serves'],
	['SIGUSR2', 'SIGTERM', 'ends'],
	['SIGUSR2', 'SIGQUIT', 'ends'],
	['SIGUSR2', 'SIGINT', 'ends'],
];

test('USR2 in a pair with another signal makes one new master, on unix: too, while the first worker boots and later', onLinux, async () => {
	const upgrading = async ([first, second, old]: (typeof UPGRADES)[number], moment: RegExp) => {
		const which = `${first} and ${second} at ${moment}`;
		await using server = new TestServer((folder) => [
			...['--log-level', 'debug', '-b', `unix:${folder}/app.sock`, '-p', join(folder, 'app.pid'), ...PLAIN, PLAIN_APP],
		]);
		await server.logged(moment);
		await send(server, [first, second]);
		const [, pid] = await server.logged(/New master started \(pid:(\d+)\)/);
		await using next = new Background(Number(pid));
		await server.logged(new RegExp(`\\[${pid}\\] \\[DEBUG\\] Worker \\(pid:\\d+\\) is ready`));
		if (old === 'ends') {
			await server.logged(/Master has been promoted/);
			await eventually(which, () => textIfThere(join(server.folder, 'app.pid')) === `${pid}\n`);
		}
		assert.equal((await get({ socketPath: join(server.folder, 'app.sock') })).status, 200, which);
		assert.equal(server.log.match(/New master started/g)?.length, 1, which);
		assert.equal(existsSync(`/proc/${server.pid}/exe`), old === 'serves', which);
		assert.doesNotMatch(server.log, /\[(ERROR|CRITICAL)\]/, which);
		next.kill('SIGTERM');
		await next.ended();
	};
	for (let start = 0; start < UPGRADES.length; start += 3)
		await Promise.all(
			UPGRADES.slice(start, start + 3).flatMap((pair) => [/Booting worker/, /is ready/].map((moment) => upgrading(pair, moment))),
		);
});

/** Loads when `go` exists. */
const GATED_APP = `
	import { existsSync } from 'node:fs';
	import { setTimeout as delay } from 'node:timers/promises';
	while (!existsSync(new URL('./go', import.meta.url))) await delay(10);
	export const { handler } = await import(${JSON.stringify(projectPath('dist/test/fixtures/faulty-app.js'))});
`;

/** What somebody may send a worker, one right after the other; either way it is replaced, and only an abort is worth an error. */
const TO_WORKERS: readonly Pair[] = [
	['SIGTERM', 'SIGTERM'],
	['SIGTERM', 'SIGQUIT'],
	['SIGINT', 'SIGTERM'],
	['SIGQUIT', 'SIGINT'],
	['SIGUSR1', 'SIGTERM'],
	['SIGTERM', 'SIGUSR1'],
	['SIGABRT', 'SIGABRT'],
	['SIGTERM', 'SIGKILL'],
];

test('A worker that somebody sends a pair of signals, while it boots or later, is replaced, and others serve', onLinux, async () => {
	await using server = new TestServer(
		(folder) => ['--log-level', 'debug', '-w', '4', '-k', 'gevent', ...ANY_PORT, `${join(folder, 'app.mjs')}:handler`],
		{ files: { 'app.mjs': GATED_APP } },
	);
	// The very first one, while it loads the app, which takes until the gate is opened: no failed boot.
	const booting = Number((await server.logged(/Booting worker with pid: (\d+)\n/))[1]);
	for (const signal of ['SIGTERM', 'SIGINT'] as const) process.kill(booting, signal);
	await eventually('its end', () => !childrenOf(server.pid).includes(booting));
	server.write('go');
	for (let start = 0; start < TO_WORKERS.length; start += 4) {
		const ready = (pid: number) => server.log.includes(`Worker (pid:${pid}) is ready`);
		const pids = await eventually('four workers serve', () => {
			const found = childrenOf(server.pid);
			return found.length === 4 && found.every(ready) ? found : undefined;
		});
		// Whoever ends within a second counts as one that cannot live; a time in which everything stood still does not count.
		for (let waited = 0; waited < 80; waited++) await delay(15);
		for (const [index, [first, second]] of TO_WORKERS.slice(start, start + 4).entries()) {
			process.kill(pids[index] ?? 0, first);
			process.kill(pids[index] ?? 0, second);
		}
		await eventually('all of them have gone', () => !childrenOf(server.pid).some((pid) => pids.includes(pid)));
		assert.equal((await server.get('/pid')).status, 200);
	}
	for (const error of server.log.match(/\[ERROR\].*/g) ?? []) assert.match(error, /exited with code 1$|was sent SIG(KILL|TERM|INT)!/);
	assert.doesNotMatch(server.log, /CRITICAL|right after its boot/);
});
