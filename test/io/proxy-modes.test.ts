/** Proxies in whole programs: under plain `node`, under the runner, and under the server. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runProgram } from '../support/program.js';
import { projectPath } from '../support/project.js';
import { TestServer } from '../support/server.js';

for (const starter of ['node', 'tsgevent'] as const) {
	test(`Under ${starter} greenlets share a library, which stays on the hub with Comlink`, async () => {
		const { status, signal, stdout, stderr } = await runProgram(starter, 'proxy-program.js');
		assert.deepEqual({ status, signal }, { status: 0, signal: null }, stdout + stderr);
		const [runs, loaded, [name, message], announced] = stdout
			.trimEnd()
			.split('\n')
			.map((line) => JSON.parse(line)) as [unknown, unknown, [string, string], number];
		assert.deepEqual(runs, [
			['a', [0, 1], 'shared', false],
			['b', [0, 1], 'shared', false],
		]);
		assert.deepEqual(loaded, [false, true]);
		assert.equal(name, 'BlockingHubError');
		assert.match(message, /^Cannot call wrapSync\(\) here: this is the hub thread/);
		assert.equal(announced, 2);
		assert.equal(
			stderr.match(/A function of greenlet \d+ failed, and who called it does not look: Error: an error nobody looks at/g)?.length,
			2,
		);
	});
}

test('Under tsgunicorn the threads of a worker share a library that the app named before any request', async () => {
	await using server = new TestServer(['-k', 'gevent', '-b', '127.0.0.1:0', `${projectPath('dist/test/fixtures/proxy-app.js')}:handler`]);
	await server.port();
	const answers = await Promise.all(Array.from({ length: 12 }, () => server.get('/')));
	const bodies = answers.map(({ status, body }) => {
		assert.equal(status, 200, server.log);
		return JSON.parse(body) as Record<string, unknown>;
	});
	assert.deepEqual(
		bodies.map(({ count }) => count as number).sort((a, b) => a - b),
		Array.from({ length: 12 }, (_, index) => index + 1),
	);
	for (const { count: _, ...rest } of bodies) {
		assert.deepEqual(rest, {
			host: 'shared',
			hello: 'hello you',
			version: '1.2.3',
			items: [{ index: 0 }, { index: 1 }],
			all: [1, 2],
			seen: [0, 1],
			doubled: [0, 2, 4],
			own: 'own',
		});
	}
	server.kill('SIGTERM');
	assert.equal(await server.exitStatus(), 0);
});
