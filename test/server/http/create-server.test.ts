import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { makeConfig } from '../../../src/server/config/config.js';
import { createHttpServer } from '../../../src/server/http/create-server.js';
import { ReadableLog } from '../../support/local-server.js';
import { get } from '../../support/server.js';

test('A request that nobody has begun when its time is over is answered by the server itself', async () => {
	const log = new ReadableLog();
	const server = createHttpServer(makeConfig({ request_timeout: 0.1 }), log).listen(0, '127.0.0.1');
	try {
		await once(server, 'listening');
		const { port } = server.address() as AddressInfo;
		const { status, body } = await get({ port, path: '/waiting' });
		assert.equal(status, 503);
		assert.equal(body, 'Service Unavailable: the request was not answered within 0.1 s\n');
		assert.deepEqual(log.lines, ['ERROR Request GET /waiting had not begun after 0.1 s (request_timeout) and is answered with 503']);
	} finally {
		server.close();
	}
});

test('What others need to close connections in time is said by the server', () => {
	const server = createHttpServer(makeConfig({ header_timeout: 7 }), new ReadableLog());
	assert.equal(server.headersTimeout, 7_000);
	assert.equal(server.requestTimeout, 0);
});
