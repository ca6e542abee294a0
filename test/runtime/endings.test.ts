/** How programs end, by plain `node` and by the runner: alike, and without anybody calling process.exit. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { runProgram } from '../support/program.js';

interface Ending {
	readonly way: string;
	readonly status: number;
	readonly said: string;
	readonly complained?: RegExp;
}

const NOTHING = /^$/;

const ENDINGS: readonly Ending[] = [
	{ way: 'plain', status: 0, said: '' },
	{ way: 'exit', status: 5, said: '' },
	{ way: 'exitInCallback', status: 4, said: '' },
	{ way: 'exitCode', status: 6, said: '' },
	{ way: 'throws', status: 1, said: '', complained: /Error: uncaught in main\n +at .*endings\.mjs/ },
	{ way: 'rejects', status: 1, said: '', complained: /Error: unhandled in main\n +at .*endings\.mjs/ },
	{ way: 'late', status: 1, said: '', complained: /Error: late in main\n +at .*endings\.mjs/ },
	{ way: 'handled', status: 0, said: 'handled: late in main\nstill here\n' },
	{ way: 'async', status: 0, said: 'timer done\n' },
	{ way: 'otherExits', status: 0, said: 'ERR_GREENLET_LOST\n' },
	{ way: 'otherFails', status: 0, said: '', complained: /^Greenlet \d+ \(fail\) failed: Error: failed in a greenlet\n/ },
	{ way: 'live', status: 0, said: 'greenlet done\n' },
	{ way: 'unref', status: 0, said: '' },
	{ way: 'unrefAtOnce', status: 0, said: '' },
	{ way: 'refAgain', status: 0, said: 'greenlet done\n' },
	{ way: 'promise', status: 0, said: 'greenlet done\npromise done\n' },
];

for (const starter of ['node', 'tsgevent'] as const) {
	describe(`under ${starter}`, { concurrency: 2 }, () => {
		for (const { way, status, said, complained = NOTHING } of ENDINGS) {
			test(`a program that ends in the way '${way}' ends with ${status}`, async () => {
				const outcome = await runProgram(starter, 'runtime/endings.mjs', way);
				assert.deepEqual({ status: outcome.status, stdout: outcome.stdout }, { status, stdout: `${said}exit ${status}\n` }, outcome.stderr);
				assert.match(outcome.stderr, complained);
			});
		}
	});
}
