import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfigFolder } from '../../support/config-folder.js';
import { PLAIN, PLAIN_APP, TestServer } from '../../support/server.js';

const TYPED_APP = `import type { IncomingMessage, ServerResponse } from 'node:http';
enum Word { Hello = 'hello' }
export const make = (name: string) => (_request: IncomingMessage, response: ServerResponse): void => {
	response.end(Word.Hello + ' ' + name);
};`;

const HOOKS = `const say = (name) => (server, ...more) => server.log.info('hook ' + [name, ...more.filter((it) => typeof it === 'number')].join(' '));
export default {
	bind: ['127.0.0.1:0'],
	...Object.fromEntries(
		['on_starting', 'when_ready', 'on_reload', 'nworkers_changed', 'pre_fork', 'child_exit', 'on_exit', 'post_worker_init', 'worker_int']
			.map((name) => [name, say(name)]),
	),
	post_fork: (server, worker) => worker.log.info('hook post_fork'),
	worker_exit: (server, worker) => worker.log.info('hook worker_exit'),
	pre_request: (worker, request) => worker.log.info('hook pre_request ' + request.url),
	post_request: (worker, request, environ, response) => worker.log.info('hook post_request ' + response.status),
};`;

function server(folder: ConfigFolder, ...args: string[]): TestServer {
	return new TestServer(args, { cwd: folder.path });
}

/** Waits until it has all ended; the status and the output. */
async function ended(running: TestServer): Promise<[status: number | null, output: string]> {
	await using over = running;
	const status = await over.exitStatus();
	return [status, over.log];
}

test('A TypeScript config and a TypeScript app with a factory are served in greenlets', async () => {
	await using folder = new ConfigFolder({
		'gunicorn.conf.ts':
			"enum Count { Two = 2 }\nexport const bind: string[] = ['127.0.0.1:0'];\nexport const worker_connections: number = Count.Two;",
		'web.ts': TYPED_APP,
	});
	await using running = server(folder, '-k', 'gevent', "web:make('you')");
	assert.equal((await running.get('/')).body, 'hello you');
});

test('All hooks run in their places, and are counted', async () => {
	await using folder = new ConfigFolder({ 'gunicorn.conf.mjs': HOOKS });
	await using running = server(folder, '-k', 'async', '--log-level', 'debug', PLAIN_APP);
	await running.logged(/hook post_worker_init/);
	await running.get('/');
	await running.logged(/hook post_request 200/);
	running.kill('SIGTTIN');
	await running.logged(/hook post_worker_init/, 2);
	// One that is not would be ended without its hooks.
	await running.logged(/is ready\n/, 2);
	running.kill('SIGHUP');
	await running.logged(/hook child_exit/, 2);
	running.kill('SIGTERM');
	assert.equal(await running.exitStatus(), 0);
	const hooks = [...running.log.matchAll(/hook (.*)/g)].map(([, said = '']) => said);
	const first = hooks.slice(0, 6);
	assert.deepEqual(first, ['on_starting', 'nworkers_changed 1', 'when_ready', 'pre_fork', 'post_fork', 'post_worker_init']);
	assert.deepEqual(hooks.slice(6, 10), ['pre_request /', 'post_request 200', 'nworkers_changed 2 1', 'pre_fork']);
	assert.equal(hooks.at(-1), 'on_exit');
	const count = (name: string) => hooks.filter((said) => said === name).length;
	assert.deepEqual(['on_starting', 'when_ready', 'on_reload', 'nworkers_changed 1 2', 'on_exit'].map(count), [1, 1, 1, 1, 1], running.log);
	const forks = count('pre_fork');
	assert.deepEqual([count('post_fork'), count('worker_exit'), count('child_exit')], [forks, forks, forks], running.log);
});

test('HUP reads the config file and all it imports afresh; a broken one changes nothing', async () => {
	await using folder = new ConfigFolder({
		'gunicorn.conf.mjs': "export { workers } from './count.mjs'; export const bind = ['127.0.0.1:0'];",
		'count.mjs': 'export const workers = 1;',
	});
	await using running = server(folder, ...PLAIN, PLAIN_APP);
	await running.logged(/Booting worker/);
	const { body } = await running.get('/pid');
	for (const [text, complaint] of [
		['export const workers = ;', /Unexpected token ';' \(.*count\.mjs:1:\d+\)/],
		["export const workers = 'many';", /Cannot use workers in .*, which is string many/],
	] as const) {
		folder.write('count.mjs', text);
		running.kill('SIGHUP');
		await running.logged(complaint);
		assert.equal((await running.get('/pid')).body, body);
	}
	folder.write('count.mjs', 'export const workers = 3;');
	running.kill('SIGHUP');
	await running.logged(/Booting worker/, 4);
});

test('A hook that throws, and one that hangs, hold up nothing for long', async () => {
	await using folder = new ConfigFolder({
		'gunicorn.conf.mjs': `export const bind = ['127.0.0.1:0'];
			export function pre_fork() { throw new Error('no database') }
			export function post_fork() { throw new Error('nor here') }
			export function on_reload() { return new Promise(() => 1) }`,
	});
	await using running = server(folder, ...PLAIN, PLAIN_APP);
	await running.logged(/\[ERROR\] Hook pre_fork of .*gunicorn\.conf\.mjs failed: no database/);
	await running.logged(/\[ERROR\] Hook post_fork failed: nor here/);
	running.kill('SIGHUP');
	await running.logged(/Hang up/);
	assert.equal((await running.get('/')).status, 200);
	await running.logged(/\[ERROR\] Hook on_reload of .* failed: it did not end within 10 s/);
	await running.logged(/Booting worker/, 2);
});

test('What is wrong with the settings is one line, and no worker starts', async () => {
	await using folder = new ConfigFolder({
		'unknown.mjs': 'export const wrokers = 2',
		'type.mjs': 'export const timeout = "soon"',
		'throws.mjs': "throw new Error('no database')",
	});
	const cases: [args: string[], line: RegExp, status?: number][] = [
		[['-w', '0'], /^tsgunicorn: Cannot use -w 0: a whole number of at least 1 is needed\n$/],
		[['--wrokers', '2'], /^tsgunicorn: Cannot use --wrokers: there is no such flag; did you mean --workers\?\n$/, 2],
		[['app.js'], /^tsgunicorn: Cannot serve 2 apps: [^\n]*\n$/, 2],
		[['-c', 'nowhere.mjs'], /^tsgunicorn: Cannot use --config nowhere\.mjs: [^\n]* does not exist\n$/],
		[['-c', 'unknown.mjs'], /^tsgunicorn: Cannot use wrokers in .*unknown\.mjs: there is no such setting; did you mean workers\?\n$/],
		[['-c', 'type.mjs'], /^tsgunicorn: Cannot use timeout in .*, which is string soon: a number of seconds, 0 or more, is needed\n$/],
		[['-c', 'throws.mjs'], /^tsgunicorn: Cannot load config file .*throws\.mjs: no database \(.*throws\.mjs:1:7\)\n$/],
		[['-c', 'gunicorn.conf.py'], /^tsgunicorn: Cannot use --config gunicorn\.conf\.py: it is Python; [^\n]*\n$/],
		[['--certfile', 'x.pem'], /^tsgunicorn: Cannot use --certfile: not yet: TLS [^\n]*\n$/],
		[['--spew'], /^tsgunicorn: Cannot use --spew: Node cannot trace single lines; use [^\n]*\n$/],
	];
	for (const [args, line, expected = 1] of cases) {
		const [status, output] = await ended(server(folder, ...args, PLAIN_APP));
		assert.match(output, line);
		assert.equal(status, expected, output);
	}
});

test('What is wrong with the environment has the status that it would have on the command line', async () => {
	await using folder = new ConfigFolder();
	const cases: [env: NodeJS.ProcessEnv, status: number][] = [
		[{ GUNICORN_CMD_ARGS: "--name 'shop" }, 2],
		[{ GUNICORN_CMD_ARGS: '--wrokers 2' }, 2],
		[{ GUNICORN_CMD_ARGS: '-w many' }, 1],
		[{ WEB_CONCURRENCY: 'many' }, 1],
	];
	for (const [env, expected] of cases) {
		const [status, output] = await ended(new TestServer([PLAIN_APP], { cwd: folder.path, env }));
		assert.equal(status, expected, output);
		assert.match(output, /^tsgunicorn: [^\n]*\n$/);
	}
});

test('--check-config ends with 0 or 1, --print-config prints what would be used', async () => {
	await using folder = new ConfigFolder({
		'conf.mjs': 'export const workers = 3; export function on_exit() {}',
		'bad.mjs': 'throw new Error()',
	});
	const good = await ended(server(folder, ...PLAIN, '--check-config', '-c', 'conf.mjs', PLAIN_APP));
	assert.deepEqual(good, [0, '']);
	const [status, output] = await ended(server(folder, '-k', 'async', '--check-config', 'bad.mjs:app'));
	assert.equal(status, 1);
	assert.match(output, /Cannot load app 'bad\.mjs:app'/);
	const [printed, text] = await ended(server(folder, ...PLAIN, '--print-config', '-t', '7', '-c', 'conf.mjs', PLAIN_APP));
	assert.equal(printed, 0);
	for (const line of [/^workers += 3$/m, /^timeout += 7$/m, /^backlog += 2048$/m, /^on_exit += function in .*conf\.mjs$/m])
		assert.match(text, line);
	const names = text.split('\n').map((line) => line.split(' ')[0] ?? '');
	assert.deepEqual(names.slice(0, -1), names.slice(0, -1).toSorted());
});
