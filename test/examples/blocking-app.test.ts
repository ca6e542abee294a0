import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { TestServer } from '../support/server.js';

const AT_ONCE = 64;

test('the blocking app looks up, calls, reads, runs and sleeps for 64 requests at once', async () => {
	await using server = new TestServer(['--worker-class', 'gevent', '-w', '2', '-b', '127.0.0.1:0', 'examples/blocking-app.js:handler']);
	await server.port();
	const answers = await Promise.all(Array.from({ length: AT_ONCE }, (_, index) => server.get(`/${index}`)));
	for (const [index, { status, body }] of answers.entries()) {
		assert.equal(status, 200, server.log);
		const { path, address, greeting, lines, child, tookMs } = JSON.parse(body) as Record<string, unknown>;
		assert.deepEqual([path, greeting, child], [`/${index}`, 'hello from upstream', 'a child process']);
		assert.match(address as string, /^(?:127\.0\.0\.1|::1)$/);
		assert.ok((lines as number) > 20);
		assert.ok((tookMs as number) >= 49);
	}
	assert.ok(existsSync(join(tmpdir(), `blocking-app-${server.pid}`, 'upstream.sock')));
	server.kill('SIGTERM');
	assert.equal(await server.exitStatus(), 0);
});
