import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfigFile } from '../../../src/server/config/config-file.js';
import { childProcesses } from '../../../src/server/worker/child-processes.js';
import { eventually } from '../../support/background.js';
import { ConfigFolder, KeptLog } from '../../support/config-folder.js';

/** Milliseconds that a hook may take where one hangs, and where none does. */
const PATIENCE_MS = 1_500;
const LONG_MS = 60_000;

const SERVER = { pid: 7, address: 'http://127.0.0.1:1', num_workers: 2 };

/** The threads of this process. */
function threads(): number {
	return (process.report.getReport() as unknown as { workers: unknown[] }).workers.length;
}

async function loadFile(
	folder: ConfigFolder,
	text: string,
	patienceMs = LONG_MS,
): Promise<{ file: ConfigFile; log: KeptLog } & AsyncDisposable> {
	const file = await ConfigFile.load(folder.write('conf.mjs', text), patienceMs);
	const log = new KeptLog();
	file.attach(log);
	return { file, log, [Symbol.asyncDispose]: () => file.close() };
}

test('A hook gets its views with a log, and is awaited', async () => {
	await using folder = new ConfigFolder();
	await using loaded = await loadFile(
		folder,
		`export async function pre_fork(server, worker) {
			await new Promise((resolve) => setImmediate(resolve));
			server.log.info(server.pid + ' ' + server.num_workers);
			worker.log.warning('age ' + worker.age);
		}
		export function nworkers_changed(server, now, before) { server.log.info(now + ' ' + before) }
		export function post_fork() {}`,
	);
	const { file, log } = loaded;
	assert.deepEqual([file.has('pre_fork'), file.has('on_exit'), file.has('post_fork')], [true, false, false]);
	await file.run('pre_fork', SERVER, { age: 3 });
	await file.run('nworkers_changed', SERVER, 3, undefined);
	await file.run('on_exit', SERVER);
	assert.deepEqual(log.lines, ['info: 7 2', 'warning: age 3', 'info: 3 undefined']);
});

test('What a hook logs before there is a log is delivered', async () => {
	await using folder = new ConfigFolder();
	const path = folder.write('conf.mjs', "export const on_starting = ({ log }) => log.info('early')");
	const file = await ConfigFile.load(path, LONG_MS);
	await file.run('on_starting', SERVER);
	const log = new KeptLog();
	file.attach(log);
	assert.deepEqual(log.lines, ['info: early']);
	await file.close();
});

test('A hook that throws, or rejects, is logged with its stack, and the others go on', async () => {
	await using folder = new ConfigFolder();
	await using loaded = await loadFile(
		folder,
		`let count = 0;
		export function when_ready() { throw new TypeError('no database') }
		export async function on_reload() { count++; throw 'text' }
		export function on_exit({ log }) { log.info('count ' + count) }`,
	);
	const { file, log } = loaded;
	await file.run('when_ready', SERVER);
	assert.match(log.lines[0] ?? '', /^error: Hook when_ready of .*conf\.mjs failed: no database$/);
	assert.match((log.cause as Error).stack ?? '', /TypeError: no database\n.*conf\.mjs:2/s);
	await file.run('on_reload', SERVER);
	assert.match(log.lines[1] ?? '', /failed: text$/);
	await file.run('on_exit', SERVER);
	assert.equal(log.lines[2], 'info: count 1');
});

test('A hook that spins, hangs or ends its thread is logged, and the next one gets a new thread', async () => {
	await using folder = new ConfigFolder();
	await using loaded = await loadFile(
		folder,
		`export function when_ready() { for (;;); }
		export function on_reload() { return new Promise(() => 1) }
		export function pre_exec() { process.exit(5) }
		export function child_exit({ log }) { log.info('alive') }`,
		PATIENCE_MS,
	);
	const { file, log } = loaded;
	const starting = performance.now();
	/** What a hook is logged with; on a machine that stands still it may take too long, and is run once more then. */
	const logged = async (name: string, line: RegExp): Promise<void> => {
		for (let found = ''; !line.test(found); ) {
			await file.run(name, SERVER);
			found = log.lines.pop() ?? '';
			assert.match(found, /info: alive|did not end within 1\.5 s$|has ended/);
		}
	};
	for (const name of ['when_ready', 'on_reload', 'pre_exec']) {
		await logged(name, name === 'pre_exec' ? /pre_exec .*its thread has ended \(status 5\)$/ : /it did not end within 1\.5 s$/);
		await logged('child_exit', /^info: alive$/);
	}
	assert.ok(performance.now() - starting > 2 * PATIENCE_MS - 100);
	assert.deepEqual(log.lines, []);
});

test('An error that nobody catches in the config thread ends it alone', async () => {
	await using folder = new ConfigFolder();
	await using loaded = await loadFile(
		folder,
		`export async function when_ready() { setImmediate(() => { throw new Error('later') }); await new Promise(() => 1) }
		export function on_exit({ log }) { log.info('alive') }`,
	);
	const { file, log } = loaded;
	await file.run('when_ready', SERVER);
	assert.match(log.lines[0] ?? '', /^error: Hook when_ready .* failed: later$/);
	await file.run('on_exit', SERVER);
	assert.equal(log.lines[1], 'info: alive');
});

test('A file that spins while it loads is given up', async () => {
	await using folder = new ConfigFolder({ 'conf.mjs': 'for (;;);' });
	await assert.rejects(ConfigFile.load(`${folder.path}/conf.mjs`, LONG_MS, 300), {
		code: 'ERR_CONFIG',
		message: /^Cannot load config file .*conf\.mjs: it did not end within 0\.3 s$/,
	});
});

test('A closed file runs no hook, and its thread is gone', async () => {
	await using folder = new ConfigFolder();
	const { file, log } = await loadFile(folder, "export const on_exit = ({ log }) => log.info('late'); setInterval(() => 1, 1000)");
	await eventually('one thread', () => threads() === 1);
	await file.close();
	await file.run('on_exit', SERVER);
	assert.deepEqual(log.lines, []);
	await eventually('no thread', () => threads() === 0);
});

test('The environment that a config file sets is that of the server', async () => {
	await using folder = new ConfigFolder();
	await using _ = await loadFile(folder, "process.env.TSGEVENT_CONFIG_TEST = 'set'");
	assert.equal(process.env.TSGEVENT_CONFIG_TEST, 'set');
	delete process.env.TSGEVENT_CONFIG_TEST;
});

test('A hook that waits for a process of its own is ended with that process', {
	skip: process.platform !== 'linux' && 'Linux alone tells whose a process is',
}, async () => {
	await using folder = new ConfigFolder();
	const { file, log } = await loadFile(
		folder,
		"import { execSync } from 'node:child_process'; export const on_exit = () => execSync('exec sleep 60')",
		PATIENCE_MS,
	);
	await file.run('on_exit', SERVER);
	assert.match(log.lines[0] ?? '', /did not end within 1\.5 s$/);
	await file.close();
	await eventually('nothing is left', () => threads() === 0 && childProcesses().length === 0);
});
