/** `tsgevent program`: what Node keeps from threads reaches the program all the same. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import { linesOf, runProgram, starting } from '../support/program.js';
import { projectPath } from '../support/project.js';

/** Starts a program whose output is read while it runs. */
function start(program: string, args: readonly string[] = [], ipc = false): { child: ChildProcess; ended: Promise<unknown[]> } {
	const argv = [...starting('tsgevent'), projectPath('test/fixtures/runtime', program), ...args];
	const child = spawn(process.execPath, argv, { stdio: ['pipe', 'pipe', 'inherit', ...(ipc ? (['ipc'] as const) : [])] });
	return { child, ended: once(child, 'exit') };
}

/** Reads until the output ends in `text`; returns what there was. */
async function until(child: ChildProcess, text: string): Promise<string> {
	let seen = '';
	while (!seen.endsWith(text)) {
		const [piece] = (await once(child.stdout as NodeJS.ReadableStream & NodeJS.EventEmitter, 'data')) as [Buffer];
		seen += piece.toString();
	}
	return seen;
}

describe('the command line', () => {
	test('passes what follows the program on to it', async () => {
		const [report] = (await linesOf('tsgevent', 'runtime/report.mjs', 'a', '--version')) as [object];
		assert.deepEqual(report, {
			main: true,
			name: 'main',
			args: ['a', '--version'],
			program: true,
			moved: true,
			mask: true,
			tty: [false, false],
			ipc: false,
			other: [false, 'other', ['a', '--version'], 'yes'],
		});
	});

	test('complains about what it does not know', async () => {
		const missing = await runProgram('tsgevent', 'runtime/nowhere.mjs');
		assert.equal(missing.status, 1);
		assert.match(missing.stderr, /^Cannot find the program .*nowhere\.mjs\n$/);
	});
});

test('standard input reaches the program', async () => {
	const { child, ended } = start('stdin.mjs');
	child.stdin?.write('one\n');
	assert.equal(await until(child, 'ONE\n'), 'ONE\n');
	const rest = until(child, 'napped\n');
	child.stdin?.end('two\n');
	assert.equal(await rest, 'TWO\nnapped\n');
	assert.deepEqual(await ended, [0, null]);
});

test('messages of the parent reach the program, and its own the parent', async () => {
	const { child, ended } = start('ipc.mjs', [], true);
	assert.deepEqual((await once(child, 'message'))[0], 'ready');
	for (const n of [1, 21]) {
		const answer = once(child, 'message');
		child.send({ n });
		assert.deepEqual((await answer)[0], { doubled: 2 * n });
	}
	const last = until(child, 'disconnected\n');
	child.disconnect();
	await last;
	assert.deepEqual(await ended, [0, null]);
});

describe('signals', () => {
	for (const [way, where] of [
		['loop', 'in its event loop'],
		['parked', 'while it is parked, and may block'],
		['nested', 'while a handler is parked'],
	] as const) {
		test(`reach the handlers of a program ${where}`, async () => {
			const { child, ended } = start('signals.mjs', [way]);
			await until(child, 'ready\n');
			for (const signal of ['SIGUSR2', 'SIGUSR2', 'SIGTERM'] as const) {
				const got = until(child, `got ${signal}\n`);
				child.kill(signal);
				await got;
			}
			assert.deepEqual(await ended, [3, null]);
		});
	}

	test('leave the answer to the interrupted call as it is', async () => {
		const { child, ended } = start('signals.mjs', ['answered']);
		await until(child, 'ready\n');
		const got = until(child, 'got SIGUSR2\n');
		const answered = until(child, 'answer: 42\n');
		child.kill('SIGUSR2');
		await got;
		child.stdin?.write('go on\n');
		await answered;
		assert.deepEqual(await ended, [0, null]);
	});

	test('without a handler do what they do to any process', async () => {
		const { child, ended } = start('signals.mjs', ['loop']);
		await until(child, 'ready\n');
		child.kill('SIGINT');
		assert.deepEqual(await ended, [null, 'SIGINT']);
	});
});
