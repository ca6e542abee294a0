import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Hop, locationOf, nextHop } from '../../src/io/http-redirect.js';

const POST: Hop = {
	method: 'POST',
	origin: 'http://a.example',
	path: '/form?step=1',
	headers: ['Content-Type', 'text/plain', 'Authorization', 'Basic x', 'Cookie', 'a=1', 'Host', 'a.example', 'X-Kept', 'yes'],
	withBody: true,
};

describe('a redirect', () => {
	test('is a status with a location', () => {
		assert.equal(locationOf(302, ['Location', '/next']), '/next');
		assert.equal(locationOf(304, ['location', '/next']), undefined);
		assert.equal(locationOf(301, ['content-type', 'text/html']), undefined);
	});

	test('turns a POST into a GET without a body after 301, 302 and 303', () => {
		for (const status of [301, 302, 303]) {
			const hop = nextHop(POST, status, '/done', 0);
			assert.equal(hop.method, 'GET');
			assert.equal(hop.withBody, false);
			assert.deepEqual(hop.headers, ['Authorization', 'Basic x', 'Cookie', 'a=1', 'X-Kept', 'yes']);
		}
	});

	test('repeats method and body after 307 and 308, and a PUT after 302', () => {
		for (const [hop, status] of [
			[POST, 307],
			[POST, 308],
			[{ ...POST, method: 'PUT' }, 302],
		] as const) {
			const next = nextHop(hop, status, '/again', 0);
			assert.equal(next.method, hop.method);
			assert.equal(next.withBody, true);
			assert.ok(next.headers.includes('Content-Type'));
		}
	});

	test('leaves HEAD as it is after 303', () => {
		assert.equal(nextHop({ ...POST, method: 'HEAD' }, 303, '/done', 0).method, 'HEAD');
	});

	test('drops credentials on the way to another origin, the port included', () => {
		for (const location of ['http://b.example/', 'https://a.example/', 'http://a.example:81/']) {
			assert.deepEqual(nextHop(POST, 307, location, 0).headers, ['Content-Type', 'text/plain', 'X-Kept', 'yes']);
		}
	});

	test('resolves its location against the address before', () => {
		const { origin, path } = nextHop(POST, 302, '?step=2', 0);
		assert.equal(origin + path, 'http://a.example/form?step=2');
		assert.equal(nextHop(POST, 302, '//b.example/x', 0).origin, 'http://b.example');
	});

	test('is refused after 20, and to what is no HTTP address', () => {
		assert.throws(() => nextHop(POST, 302, '/on', 20), { code: 'ERR_TOO_MANY_REDIRECTS' });
		for (const location of ['ftp://a.example/', 'http://', 'data:,x']) {
			assert.throws(() => nextHop(POST, 302, location, 0), { code: 'ERR_INVALID_REDIRECT' });
		}
	});
});
