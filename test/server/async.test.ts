import assert from 'node:assert/strict';
import { test } from 'node:test';
import { projectPath } from '../support/project.js';
import { TestServer } from '../support/server.js';

const SERVE = ['-k', 'async', '-b', '127.0.0.1:0', `${projectPath('dist/test/fixtures/async-app.js')}:handler`];

for (const [path, message] of [
	['/stray', 'unhandled rejection: nobody waits for this'],
	['/throw', 'uncaught error: nobody catches this'],
] as const) {
	test(`${path} is answered with 500 and its worker is drained and replaced, without harm to other requests`, async () => {
		await using server = new TestServer(SERVE);
		const held = server.get(server.pathUntil('/hold', 'go'));
		await server.logged(/holding/);
		const [damaged = 0] = server.workerPids;
		assert.equal((await server.get(path)).status, 500);
		await server.logged(new RegExp(`\\[ERROR\\] Error handling request GET ${path}\\nError: `));
		await server.logged(new RegExp(message));
		await server.logged(/Booting worker with pid/, 2);
		server.write('go');
		assert.equal((await held).body, String(damaged));
		await server.logged(new RegExp(`\\[${damaged}\\] \\[INFO\\] Worker exiting`));
		const [, replacement] = server.workerPids;
		assert.equal((await server.get('/pid')).body, String(replacement));
	});
}
