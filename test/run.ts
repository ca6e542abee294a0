/**
 * `npm test [-- word ...]`: every compiled test file, or those whose path holds one of the words, on the Node
 * that runs this. Arguments that begin with a dash go to Node's test runner.
 *
 * With `TSGEVENT_SECOND_LOOK=1` in the environment, files that have failed are run once more, each alone, when they are few: on a shared
 * machine that stands still for seconds this tells what is broken from what was late. Both runs are shown, and what only the
 * second one passed is named at the end, because it wants mending all the same.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { leftOvers } from './support/left-overs.js';
import { filesBelow, projectPath, projectRoot } from './support/project.js';

/** Milliseconds a single test may take, and on Node 20 a whole file; the slowest kills greenlets in a loop, which a busy machine makes slower. */
const TEST_TIMEOUT_MS = 300_000;
/** So many failing files are still few. */
const FEW = 3;
/** Milliseconds that processes get to end after the last test. */
const GRACE_MS = 5_000;

const args = process.argv.slice(2);
const words = args.filter((arg) => !arg.startsWith('-'));
const files = filesBelow('dist/test', '.test.js')
	.filter((file) => words.length === 0 || words.some((word) => file.includes(word)))
	// What an earlier build left of a test that has been renamed since is no test.
	.filter((file) => existsSync(projectPath(file.replace(/^dist\//, '').replace(/\.js$/, '.ts'))));
if (files.length === 0) {
	console.error(`Cannot run tests: no file in dist/test matches ${words.join(' ') || '*.test.js'}`);
	process.exit(1);
}

const mark = `${process.pid}-${Date.now()}`;
const folder = mkdtempSync(join(tmpdir(), 'test-run-'));
let failed = await runFiles(files, 2);
if (failed.length > 0 && failed.length <= FEW && process.env.TSGEVENT_SECOND_LOOK === '1') {
	const unsteady = failed;
	console.error(`\nA second look, each alone: ${unsteady.join(', ')}`);
	failed = await runFiles(unsteady, 1);
	if (failed.length === 0) console.error(`\nUnsteady, passed at the second look only: ${unsteady.join(', ')}`);
}
rmSync(folder, { recursive: true });

/** Runs test files, so many at a time; the result is those that have failed. */
async function runFiles(paths: readonly string[], concurrency: number): Promise<string[]> {
	const list = join(folder, 'failed');
	const runner = spawn(
		process.execPath,
		[
			'--test',
			'--test-reporter=spec',
			'--test-reporter-destination=stdout',
			`--test-reporter=${projectPath('dist/test/support/failed-files.js')}`,
			`--test-reporter-destination=${list}`,
			`--test-concurrency=${concurrency}`,
			`--test-timeout=${TEST_TIMEOUT_MS}`,
			...args.filter((arg) => arg.startsWith('-')),
			...paths,
		],
		{ cwd: projectRoot, stdio: 'inherit', env: { ...process.env, TSGEVENT_TEST_RUN: mark } },
	);
	for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => runner.kill(signal));
	const [status] = (await once(runner, 'close')) as [number | null];
	if (status === 0) return [];
	const named = existsSync(list) ? readFileSync(list, 'utf8').split('\n').filter(Boolean) : [];
	// The runner itself has failed: no file can be blamed.
	return named.length > 0 ? named : [...paths];
}

const left = await leftOvers('TSGEVENT_TEST_RUN', mark, GRACE_MS);
for (const { pid, command } of left) {
	console.error(`Left over after the tests: process ${pid}: ${command}`);
	process.kill(pid, 'SIGKILL');
}
process.exitCode = failed.length === 0 && left.length === 0 ? 0 : 1;
