import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseCommandLine } from '../../../src/server/config/command-line.js';
import { type Config, settingList } from '../../../src/server/config/config.js';
import { helpText } from '../../../src/server/config/help.js';
import { fromCommandLine, mergeLayers } from '../../../src/server/config/sources.js';

const config = (...args: string[]): Config => mergeLayers(fromCommandLine(parseCommandLine(args)));
const usage = (message: RegExp) => ({ code: 'ERR_CONFIG', message });

test("The command line takes gunicorn's spellings, short, long, joined and repeated", () => {
	const args = ['-w', '4', '--bind=127.0.0.1:0', '-b', 'unix:/tmp/s', 'app.js:handler', '-kgevent'];
	assert.equal(parseCommandLine(args).app, 'app.js:handler');
	const { workers, bind, worker_class } = config(...args);
	assert.deepEqual({ workers, bind, worker_class }, { workers: 4, bind: ['127.0.0.1:0', 'unix:/tmp/s'], worker_class: 'gevent' });
});

test("Settings left out keep gunicorn's defaults", () => {
	const { bind, workers, worker_class, backlog, graceful_timeout, keepalive } = config();
	assert.deepEqual([bind, workers, worker_class, backlog, graceful_timeout, keepalive], [['127.0.0.1:8000'], 1, 'sync', 2048, 30, 2]);
});

test('The last of several values counts', () => {
	assert.equal(config('-w', '2', '--workers', '3').workers, 3);
});

test('Switches take no value, and short ones may stand together', () => {
	const { daemon, enable_stdio_inheritance, preload_app, reload, sendfile } = config('-DR', '--preload', 'app', '--no-sendfile');
	assert.deepEqual([daemon, enable_stdio_inheritance, preload_app, reload, sendfile], [true, true, true, false, false]);
	assert.equal(config('-Dw3').workers, 3);
	assert.throws(() => config('--daemon=yes'), usage(/^Cannot use --daemon=yes: it takes no value$/));
});

test("gunicorn's odder flags are known", () => {
	const odd = config('--limit-request-field_size', '100', '--log-file', 'x', '--access-logfile', '-', '--reload-extra-file', 'a,b');
	assert.deepEqual([odd.limit_request_field_size, odd.errorlog, odd.accesslog, odd.reload_extra_files], [100, 'x', '-', ['a,b']]);
	assert.equal(config('-m', '022').umask, 0o22);
	assert.deepEqual(config('--forwarded-allow-ips', '10.0.0.0/8, ::1').forwarded_allow_ips, ['10.0.0.0/8', '::1']);
	assert.deepEqual(config('-e', 'A=1', '--env', 'B=').raw_env, ['A=1', 'B=']);
});

test('A value that a flag may go without is taken only when it fits', () => {
	const line = parseCommandLine(['--inspect', 'app.js']);
	assert.equal(line.app, 'app.js');
	assert.equal(config('--inspect', 'app.js').inspect, '9229');
	assert.equal(config('--inspect', '127.0.0.1:0', 'app.js').inspect, '127.0.0.1:0');
	assert.equal(config('--inspect').inspect, '9229');
});

test('Whatever follows -- is the app', () => {
	assert.equal(parseCommandLine(['-w', '2', '--', '-app.js']).app, '-app.js');
});

test('An unknown flag is refused with the nearest one', () => {
	assert.throws(
		() => parseCommandLine(['--wrokers', '2']),
		usage(/^Cannot use --wrokers: there is no such flag; did you mean --workers\?$/),
	);
	assert.throws(() => parseCommandLine(['-x', 'app']), usage(/^Cannot use -x: there is no such flag/));
});

test('A flag without its value and a second app are refused', () => {
	assert.throws(() => parseCommandLine(['--workers']), usage(/it needs a value \(INT\)/));
	assert.throws(() => parseCommandLine(['--workers', '--daemon']), usage(/it needs a value \(INT\)/));
	assert.throws(() => parseCommandLine(['a:b', 'c:d']), usage(/2 apps/));
});

test('A value that does not fit is refused with what is needed', () => {
	assert.throws(() => config('-w', '0'), usage(/^Cannot use -w 0: a whole number of at least 1 is needed$/));
	assert.throws(() => config('--keep-alive', 'long'), usage(/number of seconds/));
	assert.throws(() => config('-k', 'gevnt'), usage(/did you mean 'gevent'\?/));
	assert.throws(() => config('-b', 'localhost:99999'), usage(/^Cannot use -b localhost:99999: HOST/));
	assert.throws(() => config('--log-level', 'loud'), usage(/one of debug, info, warning, error, critical is needed/));
	assert.throws(() => config('--umask', '9x'), usage(/permission bits/));
	assert.throws(() => config('--env', 'A'), usage(/KEY=VALUE is needed/));
	assert.throws(() => config('--forwarded-allow-ips', '10.0.0.0/40'), usage(/not '10\.0\.0\.0\/40'/));
	assert.throws(() => config('--stack-signal', 'SIGNAL'), usage(/the name of a signal/));
	assert.throws(() => config('--statsd-host', 'there'), usage(/HOST:PORT or unix/));
});

test('A setting that does nothing here is refused with the reason, unless it changes nothing', () => {
	assert.throws(() => config('--pythonpath', 'lib'), usage(/^Cannot use --pythonpath: Node finds modules .*--chdir/));
	assert.throws(() => config('--paster', 'x.ini'), usage(/^Cannot use --paster: PasteDeploy/));
	assert.throws(() => config('--keyfile', 'k.pem'), usage(/^Cannot use --keyfile: not yet: TLS/));
	assert.throws(() => config('--proxy-protocol'), usage(/^Cannot use --proxy-protocol: not yet: /));
	assert.throws(() => config('--worker-tmp-dir', '/dev/shm'), usage(/heartbeats go through a pipe/));
	assert.equal(config('--proxy-protocol', 'off').proxy_protocol, 'off');
	assert.equal(config('--no-control-socket').control_socket_disable, true);
	assert.equal(config('--http-parser', 'auto').http_parser, 'auto');
});

test('The help text has every setting that has a flag', () => {
	const text = helpText();
	for (const { flags } of settingList) assert.ok(text.includes(flags.join(', ')));
	for (const line of text.split('\n')) assert.ok(line.length <= 100 || !line.startsWith(' '), line);
});
