import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TestServer } from '../support/server.js';

const AT_ONCE = 64;

test('the first app of the README answers 64 requests at once', async () => {
	await using server = new TestServer(['--worker-class', 'gevent', '-w', '2', '-b', '127.0.0.1:0', 'examples/hello-app.js:handler']);
	await server.port();
	const answers = await Promise.all(Array.from({ length: AT_ONCE }, () => server.get('/')));
	for (const { status, body } of answers) {
		assert.equal(status, 200);
		assert.match(body, /^version \d+\.\d+\.\d+ at (?:127\.0\.0\.1|::1)\n$/);
	}
	server.kill('SIGTERM');
	assert.equal(await server.exitStatus(), 0);
});
