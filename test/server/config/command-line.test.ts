import assert from 'node:assert/strict';
import { test } from 'node:test';
import { helpText, parseCommandLine } from '../../../src/server/config/command-line.js';
import { resolveConfig, settingList } from '../../../src/server/config/config.js';

const config = (...args: string[]) => resolveConfig(parseCommandLine(args).given);
const usage = (message: RegExp) => ({ code: 'ERR_CONFIG', message });

test("The command line takes gunicorn's spellings, short, long, joined and repeated", () => {
	const { app, given } = parseCommandLine(['-w', '4', '--bind=127.0.0.1:0', '-b', 'unix:/tmp/s', 'app.js:handler', '-kgevent']);
	assert.equal(app, 'app.js:handler');
	const { workers, bind, worker_class } = resolveConfig(given);
	assert.deepEqual({ workers, bind, worker_class }, { workers: 4, bind: ['127.0.0.1:0', 'unix:/tmp/s'], worker_class: 'gevent' });
});

test("Settings left out keep gunicorn's defaults", () => {
	const { bind, workers, worker_class, backlog, graceful_timeout, keepalive } = config();
	assert.deepEqual([bind, workers, worker_class, backlog, graceful_timeout, keepalive], [['127.0.0.1:8000'], 1, 'sync', 2048, 30, 2]);
});

test('The last of several values counts', () => {
	assert.equal(config('-w', '2', '--workers', '3').workers, 3);
});

test('An unknown flag is refused with the nearest one', () => {
	assert.throws(
		() => parseCommandLine(['--wrokers', '2']),
		usage(/^Cannot use --wrokers: there is no such flag; did you mean --workers\?$/),
	);
	assert.throws(() => parseCommandLine(['--preload', 'app']), usage(/no such flag/));
});

test('A flag without its value and a second app are refused', () => {
	assert.throws(() => parseCommandLine(['--workers']), usage(/it needs a value \(INT\)/));
	assert.throws(() => parseCommandLine(['a:b', 'c:d']), usage(/2 apps/));
});

test('A value that does not fit is refused with what is needed', () => {
	assert.throws(() => config('-w', '0'), usage(/^Cannot use --workers 0: a whole number of at least 1 is needed$/));
	assert.throws(() => config('--keep-alive', 'long'), usage(/number of seconds/));
	assert.throws(() => config('-k', 'gevnt'), usage(/did you mean 'gevent'\?/));
	assert.throws(() => config('-b', 'localhost:99999'), usage(/^Cannot use --bind localhost:99999: HOST/));
});

test('The help text has every setting', () => {
	for (const { flags } of settingList) assert.ok(helpText().includes(flags.join(', ')));
});
