import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { eventually } from '../../support/background.js';
import { Watched } from '../../support/watched.js';

/** The part of a report that begins with `head`, up to the next line that is not indented. */
function section(text: string, head: RegExp): string {
	const lines = text.split('\n');
	const at = lines.findIndex((line) => head.test(line));
	assert.notEqual(at, -1, `no ${head} in:\n${text}`);
	const end = lines.findIndex((line, index) => index > at && !line.startsWith(' '));
	return lines.slice(at, end < 0 ? undefined : end).join('\n');
}

describe('the stacks of a worker', () => {
	test('show a spinning hub, and greenlets that wait, spin and are inside native calls', async () => {
		const folder = mkdtempSync(join(tmpdir(), 'watchdog-'));
		const pipe = join(folder, 'pipe');
		execFileSync('mkfifo', [pipe]);
		await using watched = await Watched.start();
		await watched.greenlet('GET /parked', 'park');
		await watched.greenlet('GET /spin', 'spin');
		await watched.greenlet('GET /native', 'readPipe', pipe);
		await watched.stacksLike(/parkHere/, /spinHere/, /GET \/native\) on thread \d+ .*\n +\(no stack/);
		await watched.tell({ what: 'spin', ms: 60_000 });
		const text = await watched.stacksLike(/spinInTheHub/, /GET \/native\) on thread \d+ .*\n +\(no stack/);
		assert.ok(text.startsWith(`Stacks of worker ${watched.child.pid} (a test):\nhub, the main thread:\n`), text);
		assert.match(section(text, /^hub/), /\n +at spinInTheHub .*watched-process\.js:\d+/);
		assert.match(section(text, /GET \/parked/), /^greenlet \d+ \(GET \/parked\) on thread \d+ for \d+\.\d s, waits for sleep:\n/);
		assert.match(section(text, /GET \/parked/), /\n +at parkHere .*watched-tasks\.js:\d+/);
		assert.match(section(text, /GET \/spin/), /runs:\n +at spinHere .*watched-tasks\.js:\d+/);
		assert.match(section(text, /GET \/native/), /runs:\n +\(no stack: inside a native call\)/);
		assert.doesNotMatch(text, /watchdog-thread|tsgevent:look/);
		writeFileSync(pipe, '');
		rmSync(folder, { recursive: true });
	});

	test('show a hub whose regular expression backtracks', async () => {
		await using watched = await Watched.start();
		await watched.tell({ what: 'backtrack' });
		const text = await watched.stacksLike(/RegExp\.test/);
		assert.match(text, /at Object\.backtrack .*watched-process\.js/);
	});

	test('show what the hub told last and the child process while it is inside a native call', async () => {
		await using watched = await Watched.start();
		await watched.greenlet('GET /parked', 'park');
		await watched.stacksLike(/waits for sleep/);
		// What it tells by itself each second has not come before.
		await watched.ask({ what: 'spin', ms: 1_000 });
		await watched.tell({ what: 'inspector' });
		await watched.tell({ what: 'exec', seconds: 60 });
		const text = await watched.stacksLike(/what the hub told \d+\.\d s before/);
		assert.match(section(text, /^hub/), /\(no stack: inside a native call\)/);
		assert.match(section(text, /GET \/parked/), /waits for sleep/);
		if (process.platform !== 'linux') return;
		const [, pid] = /(\d+) sleep 60/.exec(section(text, /^child processes:/)) ?? [];
		process.kill(Number(pid), 'SIGKILL');
	});

	test('can be asked for ten times in a row, and leave nothing behind', async () => {
		await using watched = await Watched.start();
		await watched.greenlet('GET /parked', 'park');
		await watched.stacksLike(/parkHere/);
		await watched.greenlet('GET /work', 'nap', 200);
		const whole = /\((?:at once|in turn) \d\):\nhub, the main thread:\n {4}.*\n(?:.*\n)*? +at parkHere /;
		// Once more for each time that a machine stands still for as long as an answer may take.
		const asked = (reason: string) => eventually(reason, async () => whole.test((await watched.line?.requestStacks(reason)) ?? ''));
		await Promise.all(Array.from({ length: 5 }, (_, i) => asked(`at once ${i}`)));
		for (let i = 0; i < 5; i++) await asked(`in turn ${i}`);
		assert.equal(await watched.value('GET /work'), 2_999_997);
		assert.deepEqual(await watched.ask({ what: 'inspector' }), { done: 'inspector', value: 'closed' });
		assert.deepEqual(watched.unasked, []);
	});

	test('arrive unasked when the worker itself wants them', async () => {
		await using watched = await Watched.start();
		await watched.ask({ what: 'stacks', reason: 'SIGURG' });
		const text = await watched.until('the stacks', () => watched.unasked[0]);
		assert.match(text, /^Stacks of worker \d+ \(SIGURG\):\nhub, the main thread:/);
	});

	test('go to the error output where there is no arbiter', async () => {
		await using watched = await Watched.start({ withLine: false });
		await watched.ask({ what: 'stacks', reason: 'SIGURG' });
		await watched.until('the stacks', () => /\(SIGURG\):\nhub, the main thread:/.exec(watched.output) ?? undefined);
	});

	test('come from a process with an open inspector too', async () => {
		await using watched = await Watched.start({ execArgv: ['--inspect=127.0.0.1:0'] });
		await watched.greenlet('GET /parked', 'park');
		await watched.stacksLike(/parkHere/);
		assert.match(JSON.stringify(await watched.ask({ what: 'inspector' })), /ws:\/\/127\.0\.0\.1:\d+/);
	});

	test('are missed with a note when the process stands still, or has gone', async () => {
		await using watched = await Watched.start();
		watched.child.kill('SIGSTOP');
		assert.match(
			(await watched.line?.requestStacks('a test')) ?? '',
			/^No stacks \(a test\): the watchdog thread has not answered within 2000 ms$/,
		);
		const late = watched.line?.requestStacks('a test');
		watched.child.kill('SIGKILL');
		// The time for an answer can be over before the end is seen.
		assert.match((await late) ?? '', /^No stacks(?:: the watchdog thread is gone| \(a test\): the watchdog thread has not answered)/);
		assert.match((await watched.line?.requestStacks('a test')) ?? '', /^No stacks \(a test\): the watchdog thread is gone/);
	});
});

describe('a worker whose arbiter has died', () => {
	test('is ended although its hub spins', async () => {
		await using watched = await Watched.start();
		await watched.tell({ what: 'spin', ms: 60_000 });
		const began = performance.now();
		watched.line?.close();
		assert.deepEqual(await watched.ending(), { status: null, signal: 'SIGKILL' });
		const tookMs = performance.now() - began;
		assert.ok(tookMs > 1_200, `${tookMs} ms`);
		const words = /^Worker \d+ has not left within 1300 ms of its arbiter's end, so its watchdog kills it$/m;
		await watched.until('its last words', () => words.exec(watched.output) ?? undefined);
	});

	test('leaves by itself before that', async () => {
		await using watched = await Watched.start();
		watched.line?.close();
		await watched.tell({ what: 'exit' });
		assert.deepEqual(await watched.ending(), { status: 5, signal: null });
		assert.equal(watched.output, '');
	});
});

describe('the watchdog thread', () => {
	test('does not keep a process alive', async () => {
		await using watched = await Watched.start();
		await watched.tell({ what: 'closeHub' });
		assert.deepEqual(await watched.ending(), { status: 0, signal: null });
	});

	test('does not hold up an exit in the middle of its work', async () => {
		await using watched = await Watched.start();
		await watched.greenlet('GET /spin', 'spin');
		await watched.stacksLike(/spinHere/);
		await watched.tell({ what: 'stacksAndExit', reason: 'a test' });
		assert.deepEqual(await watched.ending(), { status: 5, signal: null });
	});

	test('that crashes is logged, and the worker goes on', async () => {
		await using watched = await Watched.start();
		(watched.child.stdio[4] as NodeJS.WritableStream).write('nonsense\n');
		await watched.until('the crash', () => /LOGGED The watchdog thread crashed;.*SyntaxError/.exec(watched.output) ?? undefined);
		assert.deepEqual(await watched.ask({ what: 'inspector' }), { done: 'inspector', value: 'closed' });
		await watched.ask({ what: 'stacks', reason: 'a test' });
		assert.match((await watched.line?.requestStacks('a test')) ?? '', /the watchdog thread is gone/);
	});
});
