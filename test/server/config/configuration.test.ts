import assert from 'node:assert/strict';
import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ConfigFolder } from '../../support/config-folder.js';

const refused = (message: RegExp) => ({ code: 'ERR_CONFIG', message });

test('Each source wins over those before it: environment, file, GUNICORN_CMD_ARGS, command line', async () => {
	await using folder = new ConfigFolder({
		'gunicorn.conf.mjs': 'export const workers = 3; export const threads = 3; export const backlog = 3',
	});
	const env = { WEB_CONCURRENCY: '2', PORT: '2002', GUNICORN_CMD_ARGS: '--threads 4 --backlog=4' };
	const { config } = await folder.load(['--backlog', '5'], env);
	assert.deepEqual([config.bind, config.workers, config.threads, config.backlog], [['0.0.0.0:2002'], 3, 4, 5]);
	assert.equal(config.config, join(folder.path, 'gunicorn.conf.mjs'));
});

test('The environment gives bind, workers, forwarded_allow_ips and sendfile', async () => {
	await using folder = new ConfigFolder();
	const env = { PORT: '80', WEB_CONCURRENCY: '7', FORWARDED_ALLOW_IPS: '*', SENDFILE: '0' };
	const { config } = await folder.load([], env);
	assert.deepEqual([config.bind, config.workers, config.forwarded_allow_ips, config.sendfile], [['0.0.0.0:80'], 7, ['*'], false]);
	const empty = await folder.load([], { PORT: '', WEB_CONCURRENCY: '', FORWARDED_ALLOW_IPS: '' });
	assert.deepEqual([empty.config.bind, empty.config.workers, empty.config.forwarded_allow_ips], [['127.0.0.1:8000'], 1, []]);
	await assert.rejects(folder.load([], { PORT: 'http' }), refused(/^Cannot use the environment's PORT=http: HOST/));
	await assert.rejects(
		folder.load([], { WEB_CONCURRENCY: 'auto' }),
		refused(/^Cannot use the environment's WEB_CONCURRENCY=auto: a whole number/),
	);
	await assert.rejects(folder.load([], { SENDFILE: 'yes' }), refused(/SENDFILE=yes: Node has no sendfile/));
});

test('GUNICORN_CMD_ARGS is split as a shell does, and its errors say so', async () => {
	await using folder = new ConfigFolder();
	const { config } = await folder.load([], { GUNICORN_CMD_ARGS: `--name 'my app' -b "[::1]:80" --statsd-prefix a\\ b` });
	assert.deepEqual([config.proc_name, config.bind, config.statsd_prefix], ['my app', ['[::1]:80'], 'a b']);
	await assert.rejects(
		folder.load([], { GUNICORN_CMD_ARGS: '--wrokers 2' }),
		refused(/did you mean --workers\? \(in GUNICORN_CMD_ARGS\)$/),
	);
	await assert.rejects(folder.load([], { GUNICORN_CMD_ARGS: '-w x' }), refused(/^Cannot use GUNICORN_CMD_ARGS -w x: /));
	await assert.rejects(
		folder.load([], { GUNICORN_CMD_ARGS: "--name 'x" }),
		refused(/^Cannot read GUNICORN_CMD_ARGS: a quote is not closed$/),
	);
	await assert.rejects(folder.load([], { GUNICORN_CMD_ARGS: 'app.js' }), refused(/^Cannot serve 'app.js' here/));
});

test('The app comes from the command line, else from wsgi_app', async () => {
	await using folder = new ConfigFolder({ 'gunicorn.conf.json': '{ "wsgi_app": "web:app" }' });
	assert.equal((await folder.load()).app, 'web:app');
	assert.equal((await folder.load(['other:app'])).app, 'other:app');
});

test('-c names a file, with file: or without, or a module; its place may be GUNICORN_CMD_ARGS', async () => {
	await using folder = new ConfigFolder({
		'conf/a.mjs': 'export default { workers: 2 }',
		'node_modules/settings/index.js': 'exports.workers = 3;',
		'gunicorn.conf.cjs': 'module.exports = { workers: 4 };',
	});
	const workers = async (...args: string[]) => (await folder.load(args)).config.workers;
	assert.equal(await workers('-c', 'conf/a.mjs'), 2);
	assert.equal(await workers('-c', 'file:conf/a.mjs'), 2);
	assert.equal(await workers('-c', 'module:settings'), 3);
	assert.equal(await workers(), 4);
	assert.equal((await folder.load([], { GUNICORN_CMD_ARGS: '-c conf/a.mjs' })).config.workers, 2);
});

test('A config file that is not there, or Python, is refused', async () => {
	await using folder = new ConfigFolder({ 'gunicorn.conf.py': 'workers = 2', 'conf.txt': '' });
	await assert.rejects(folder.load(['-c', 'no.ts']), refused(/no\.ts does not exist$/));
	await assert.rejects(folder.load(['-c', '.']), refused(/is not a file$/));
	await assert.rejects(folder.load(['-c', 'conf.txt']), refused(/a file that ends in \.ts, \.mts, /));
	await assert.rejects(
		folder.load(['-c', 'gunicorn.conf.py']),
		refused(/it is Python; the same settings are needed in gunicorn\.conf\.ts/),
	);
	await assert.rejects(folder.load(['-c', 'python:conf']), refused(/it is Python/));
	await assert.rejects(folder.load(['-c', 'module:conf']), refused(/there is no module 'conf' in /));
});

test('A config file may be TypeScript that types alone cannot be stripped from, with imports of its own', async () => {
	await using folder = new ConfigFolder({
		'gunicorn.conf.ts': "import { count } from './count.ts';\nenum Extra { One = 1 }\nexport const workers: number = count + Extra.One;",
		'count.ts': 'export const count: number = 2;',
	});
	assert.equal((await folder.load()).config.workers, 3);
});

test('Every load reads the file and all that it imports afresh', async () => {
	await using folder = new ConfigFolder({
		'gunicorn.conf.ts': "import { count } from './count.ts';\nexport const workers: number = count;",
		'count.ts': 'export const count: number = 2;',
	});
	assert.equal((await folder.load()).config.workers, 2);
	folder.write('count.ts', 'export const count: number = 5;');
	assert.equal((await folder.load()).config.workers, 5);
});

test('What a config file says is checked, in one line that names the setting and the file', async () => {
	const cases: [text: string, message: RegExp][] = [
		['export const wrokers = 2', /^Cannot use wrokers in .*x\.mjs: there is no such setting; did you mean workers\?$/],
		['export const completely_unknown_thing = 2', /a name of your own must begin with _$/],
		['export const when_raedy = () => 1', /did you mean when_ready\?$/],
		["export const workers = 'two'", /^Cannot use workers in .*x\.mjs, which is string two: a whole number of at least 1 is needed$/],
		['export const workers = 2.5', /number 2\.5: a whole number/],
		['export const bind = { port: 80 }', /object \{"port":80\}: an array of strings is needed$/],
		['export const preload_app = 1', /number 1: true or false is needed$/],
		['export const workers = () => 2', /workers in .*: it is a function; a value is needed$/],
		['export const when_ready = true', /when_ready in .*: a function is needed, not boolean$/],
		['export const raw_env = [() => 1]', /plain data is needed/],
		['export const keyfile = "k.pem"', /^Cannot use keyfile in .*x\.mjs: not yet: TLS/],
		['export const ssl_context = () => 1', /^Cannot use ssl_context in .*: not yet: /],
		['export const config = "y.mjs"', /a config file names no other$/],
		['export default 5', /an object with the settings is needed as its default export$/],
	];
	await using folder = new ConfigFolder();
	for (const [text, message] of cases) {
		folder.write('x.mjs', text);
		await assert.rejects(folder.load(['-c', 'x.mjs']), refused(message), text);
	}
});

test('A config file may give texts as a command line does', async () => {
	await using folder = new ConfigFolder({
		'conf.mjs': `export const workers = '3'; export const bind = 'localhost:1, [::1]:2'; export const umask = '022'; export const user = 1000;
			export const timeout = 0.5; export const preload_app = 'true'; export const forwarded_allow_ips = ['10.0.0.1', '::1'];
			export const secure_scheme_headers = { 'X-SSL': '1' }; export const loglevel = 'DEBUG'; export const pidfile = null;`,
	});
	const { config } = await folder.load(['-c', 'conf.mjs']);
	assert.deepEqual([config.workers, config.bind, config.umask, config.user], [3, ['localhost:1', '[::1]:2'], 0o22, '1000']);
	assert.deepEqual([config.timeout, config.preload_app, config.forwarded_allow_ips], [0.5, true, ['10.0.0.1', '::1']]);
	assert.deepEqual([config.secure_scheme_headers, config.loglevel, config.pidfile], [{ 'X-SSL': '1' }, 'debug', null]);
});

test('A config file that does not load is one error with its cause and its place', async () => {
	await using folder = new ConfigFolder({
		'syntax.mjs': 'export const workers = 1;\nexport const bind = ;',
		'imports.mjs': "import './syntax.mjs';",
		'syntax.cjs': '\nmodule.exports = {;',
		'syntax.ts': 'let a: = 3;',
		'throws.mjs': "\nthrow new TypeError('no database');",
		'missing.mjs': "import './nowhere.mjs';",
		'exits.mjs': 'process.exit(3);',
		'broken.json': '{ "workers": 2',
	});
	const rejects = (name: string, message: RegExp) => assert.rejects(folder.load(['-c', name]), refused(message), name);
	await rejects('syntax.mjs', /^Cannot load config file .*syntax\.mjs: Unexpected token ';' \(.*\/syntax\.mjs:2:\d+\)$/);
	await rejects('imports.mjs', /^Cannot load config file .*imports\.mjs: Unexpected token ';' \(.*\/syntax\.mjs:2:\d+\)$/);
	await rejects('syntax.cjs', /Unexpected token ';' \(.*syntax\.cjs:2(?::\d+)?\)$/);
	await rejects('syntax.ts', /Unexpected token.*syntax\.ts:1/);
	await rejects('throws.mjs', /no database \(.*throws\.mjs:2:7\)$/);
	await rejects('missing.mjs', /Cannot find module .*nowhere\.mjs/);
	await rejects('exits.mjs', /its thread has ended \(status 3\)$/);
	await rejects('broken.json', /JSON/);
});

test('A hook may be null, and names that begin with _ are the file’s own', async () => {
	await using folder = new ConfigFolder({
		'gunicorn.conf.mjs': 'export const _help = () => 1; export const _n = 1; export const when_ready = null',
	});
	assert.equal((await folder.load()).hooks.has('when_ready'), false);
});

test('chdir is applied, relative to where the server was started, on every load', async () => {
	await using folder = new ConfigFolder({ 'sub/app.js': '', 'gunicorn.conf.mjs': "export const chdir = 'sub'" });
	for (let load = 0; load < 2; load++) {
		const { config } = await folder.load();
		assert.equal(config.chdir, join(folder.path, 'sub'));
		assert.equal(realpathSync(process.cwd()), config.chdir);
	}
	await assert.rejects(folder.load(['--chdir', 'nowhere']), refused(/^Cannot change to the folder .*nowhere \(chdir\): ENOENT/));
	await assert.rejects(folder.load(['--chdir', 'gunicorn.conf.mjs']), refused(/it is not a folder$/));
	assert.equal(realpathSync(process.cwd()), join(folder.path, 'sub'));
});

test('--print-config implies --check-config; help and version read nothing else', async () => {
	await using folder = new ConfigFolder({ 'gunicorn.conf.mjs': 'throw new Error()' });
	const { help } = await folder.load(['--help']);
	const { version } = await folder.load(['-v']);
	assert.deepEqual([help, version], [true, true]);
	folder.write('gunicorn.conf.mjs', '');
	const { checkConfig, printConfig } = await folder.load(['--print-config']);
	assert.deepEqual([checkConfig, printConfig], [true, true]);
});

test('A signal that means something already is none to ask for stacks', async () => {
	await using folder = new ConfigFolder();
	for (const name of ['SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGABRT', 'SIGKILL', 'SIGCHLD'])
		await assert.rejects(folder.load(['--stack-signal', name]), refused(/a signal that has no other meaning, such as SIGURG, is needed/));
	assert.equal((await folder.load(['--stack-signal', 'SIGALRM'])).config.stack_signal, 'SIGALRM');
});

test('A duration beyond what timers can do counts as the longest', async () => {
	await using folder = new ConfigFolder({ 'gunicorn.conf.json': '{"timeout": 1e12}' });
	const { config } = await folder.load(['--graceful-timeout', '9999999']);
	assert.deepEqual([config.graceful_timeout, config.timeout], [2_147_483, 2_147_483]);
});
