import assert from 'node:assert/strict';
import { test } from 'node:test';
import { projectPath } from '../../support/project.js';
import { TestServer } from '../../support/server.js';

const APP = `${projectPath('dist/test/fixtures/endless-app.js')}:handler`;
const ENDLESS = ['/park', '/spin', '/native'];

function start(kind: string): TestServer {
	return new TestServer(['-k', kind, '--graceful-timeout', '0.3', '-b', '127.0.0.1:0', APP]);
}

/** The rejection of a request whose handler has begun and never ends. */
async function endless(server: TestServer, path: string): Promise<{ cutOff: Promise<void> }> {
	const cutOff = assert.rejects(server.get(server.pathUntil(path, 'pipe')), { code: 'ECONNRESET' });
	await server.logged(new RegExp(`begin ${path}`));
	return { cutOff };
}

for (const kind of ['gevent', 'sync']) {
	test(`TERM ends ${kind} workers whose handlers never end, be they parked, spinning or in a native call`, async () => {
		const endings = ENDLESS.map(async (path) => {
			await using server = start(kind);
			const { cutOff } = await endless(server, path);
			server.kill('SIGTERM');
			await cutOff;
			assert.equal(await server.exitStatus(), 0, `${path}\n${server.log}`);
			// A worker that had no second of its own in which to say so is killed.
			assert.match(server.log, /\[WARNING\] Worker (graceful timeout \(pid: \d+\), 1 connections are cut off|.* is killed)\n/);
			assert.equal(server.workerPids.length, 1);
		});
		await Promise.all(endings);
	});
}

for (const signal of ['SIGINT', 'SIGQUIT'] as const) {
	test(`${signal} does not wait for handlers that never end`, async () => {
		await using server = start('gevent');
		const requests = await Promise.all(ENDLESS.map((path) => endless(server, path)));
		server.kill(signal);
		await Promise.all(requests.map(({ cutOff }) => cutOff));
		assert.equal(await server.exitStatus(), 0);
		assert.doesNotMatch(server.log, /ERROR/);
	});
}
