import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { projectPath } from '../../support/project.js';
import { PLAIN, PLAIN_APP, TestServer } from '../../support/server.js';

const ANY_PORT = ['-b', '127.0.0.1:0'];
const SERVE = [...ANY_PORT, ...PLAIN, PLAIN_APP];

test("The boot is logged in gunicorn's words", async () => {
	await using server = new TestServer(['-w', '2', ...SERVE]);
	await server.logged(/Booting worker/, 2);
	await server.get('/');
	server.kill('SIGTERM');
	assert.equal(await server.exitStatus(), 0);
	const line = (text: string) => `\\[\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d [+-]\\d{4}\\] \\[\\d+\\] \\[INFO\\] ${text}\\n`;
	assert.match(
		server.log,
		new RegExp(
			`^${line('Starting tsgunicorn \\d+\\.\\d+\\.\\d+')}${line(`Listening at: http://127\\.0\\.0\\.1:\\d+ \\(${server.pid}\\)`)}` +
				`${line('Using worker: \\S+')}(${line('Booting worker with pid: \\d+')}){2}${line('Handling signal: term')}` +
				`(${line('Worker exiting \\(pid: \\d+\\)')}){0,2}${line('Shutting down: Master')}$`,
		),
	);
});

test('A worker that is killed is replaced', async () => {
	await using server = new TestServer(SERVE);
	const { body: first } = await server.get('/pid');
	process.kill(Number(first), 'SIGKILL');
	await server.logged(new RegExp(`\\[ERROR\\] Worker \\(pid:${first}\\) was sent SIGKILL! Perhaps out of memory\\?`));
	const { body: second } = await server.get('/pid');
	assert.notEqual(second, first);
	assert.deepEqual(server.workerPids, [Number(first), Number(second)]);
});

test('A worker that aborts is replaced, and the log says why', async () => {
	await using server = new TestServer(SERVE);
	const { body: first } = await server.get('/pid');
	await assert.rejects(server.get('/abort'), { code: 'ECONNRESET' });
	await server.logged(
		new RegExp(`Worker \\(pid:${first}\\) was ended by SIG\\w+: Node aborted, most likely because a JavaScript heap ran out of memory`),
	);
	assert.notEqual((await server.get('/pid')).body, first);
});

test('A worker class that fails to boot ends the server with 3', async () => {
	await using server = new TestServer(['-w', '2', ...ANY_PORT, '-k', projectPath('dist/test/fixtures/failing-worker.js'), PLAIN_APP]);
	assert.equal(await server.exitStatus(), 3);
	assert.match(server.log, /\[ERROR\] Exception in worker process\nError: no database\n/);
	// The other worker may say something in between.
	assert.match(server.log, /exited with code 3\n[\s\S]*Shutting down: Master\n[\s\S]*\[ERROR\] Reason: Worker failed to boot\.\n/);
});

test('A worker class that does not exist ends the server with 3', async () => {
	await using server = new TestServer([...ANY_PORT, '-k', './nowhere.js', PLAIN_APP]);
	assert.equal(await server.exitStatus(), 3);
	assert.match(server.log, /Exception in worker process\nError.*nowhere\.js/);
});

test('An app that cannot be loaded ends the server with 4', async () => {
	await using missing = new TestServer([...ANY_PORT, ...PLAIN, 'nowhere:app']);
	await using nameless = new TestServer([...ANY_PORT, ...PLAIN, PLAIN_APP.replace('handler', 'handle')]);
	await using throwing = new TestServer((folder) => [...ANY_PORT, ...PLAIN, join(folder, 'throws.mjs')], {
		files: { 'throws.mjs': "throw new TypeError('no database')" },
	});
	for (const server of [missing, nameless, throwing]) {
		assert.equal(await server.exitStatus(), 4);
		assert.match(server.log, /Shutting down: Master\n.*\[ERROR\] Reason: App failed to load\.\n/);
	}
	assert.match(missing.log, /Cannot load app 'nowhere:app': there is no module/);
	assert.match(nameless.log, /did you mean 'handler'\?/);
	assert.match(throwing.log, /TypeError: no database\n +at .*throws\.mjs/);
});

test('An app that ends its process while it loads ends the server with 3', async () => {
	await using server = new TestServer((folder) => [...ANY_PORT, ...PLAIN, join(folder, 'exits.mjs')], {
		files: { 'exits.mjs': 'process.exit(0)' },
	});
	assert.equal(await server.exitStatus(), 3);
});

test('Once a worker was ready, a failed boot is tried again after a while', async () => {
	const good = 'export const app = (req, res) => res.end(String(process.pid))';
	await using server = new TestServer((folder) => [...ANY_PORT, ...PLAIN, join(folder, 'app.mjs')], { files: { 'app.mjs': good } });
	const { body: first } = await server.get('/');
	server.write('app.mjs', "throw new Error('broken')");
	process.kill(Number(first), 'SIGKILL');
	await server.logged(/\[WARNING\] A worker failed to boot, the next one starts in 1 s/);
	server.write('app.mjs', good);
	assert.notEqual((await server.get('/')).body, first);
	// One more for each second in which this test stood still.
	assert.ok(server.workerPids.length >= 3);
});

test('The command line is refused before anything starts', async () => {
	await using unknown = new TestServer(['--wrokers', '2', PLAIN_APP]);
	await using appless = new TestServer(ANY_PORT);
	assert.equal(await unknown.exitStatus(), 2);
	assert.equal(unknown.log, 'tsgunicorn: Cannot use --wrokers: there is no such flag; did you mean --workers?\n');
	assert.equal(await appless.exitStatus(), 1);
	assert.match(appless.log, /Cannot start: no application given/);
});

test('--help and --version answer and exit', async () => {
	await using help = new TestServer(['--help']);
	await using version = new TestServer(['--version']);
	assert.equal(await help.exitStatus(), 0);
	assert.match(help.log, /^usage: tsgunicorn/);
	assert.equal(await version.exitStatus(), 0);
	assert.match(version.log, /^tsgunicorn \(version \d+\.\d+\.\d+\)\n$/);
});

test('Workers leave when their arbiter is killed', async () => {
	await using server = new TestServer(['-w', '2', ...SERVE]);
	await server.logged(/Booting worker/, 2);
	await server.get('/');
	server.kill('SIGKILL');
	// Disposing asserts that no process is left.
	assert.equal(await server.exitStatus(), null);
});
