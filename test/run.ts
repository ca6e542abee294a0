/**
 * `npm test [-- word ...]`: every compiled test file, or those whose path holds one of the words, on the Node
 * that runs this. Arguments that begin with a dash go to Node's test runner.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { leftOvers } from './support/left-overs.js';
import { filesBelow, projectPath, projectRoot } from './support/project.js';

/** Milliseconds a single test may take; the slowest kills greenlets in a loop. */
const TEST_TIMEOUT_MS = 180_000;
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
const runner = spawn(
	process.execPath,
	[
		'--test',
		'--test-reporter=spec',
		'--test-concurrency=2',
		`--test-timeout=${TEST_TIMEOUT_MS}`,
		...args.filter((arg) => arg.startsWith('-')),
		...files,
	],
	{ cwd: projectRoot, stdio: 'inherit', env: { ...process.env, TSGEVENT_TEST_RUN: mark } },
);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => runner.kill(signal));
const [status] = (await once(runner, 'close')) as [number | null];

const left = await leftOvers('TSGEVENT_TEST_RUN', mark, GRACE_MS);
for (const { pid, command } of left) {
	console.error(`Left over after the tests: process ${pid}: ${command}`);
	process.kill(pid, 'SIGKILL');
}
process.exitCode = status === 0 && left.length === 0 ? 0 : 1;
