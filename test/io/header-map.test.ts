import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { HeaderMap } from '../../src/io/header-map.js';

describe('HeaderMap', () => {
	const headers = new HeaderMap(['Content-Type', 'text/plain', 'X-Many', 'a', 'x-many', 'b', 'Set-Cookie', 'a=1, 2', 'Set-Cookie', 'b=3']);

	test('finds names without regard to case', () => {
		assert.equal(headers.get('content-TYPE'), 'text/plain');
		assert.equal(headers.has('CONTENT-type'), true);
		assert.equal(headers.get('etag'), null);
		assert.equal(headers.has('etag'), false);
	});

	test('joins repeated headers, and keeps cookies apart', () => {
		assert.equal(headers.get('x-many'), 'a, b');
		assert.deepEqual(headers.getSetCookie(), ['a=1, 2', 'b=3']);
	});

	test('lists what the platform does, for the same headers', () => {
		const platform = new Headers([
			['content-type', 'text/plain'],
			['x-many', 'a'],
			['x-many', 'b'],
		]);
		const ours = new HeaderMap(['content-type', 'text/plain', 'x-many', 'a', 'x-many', 'b']);
		assert.deepEqual([...ours], [...platform]);
		assert.deepEqual([...ours.keys()], [...platform.keys()]);
		assert.deepEqual([...ours.values()], [...platform.values()]);
		const seen: string[][] = [];
		ours.forEach((value, name) => {
			seen.push([name, value]);
		});
		assert.deepEqual(seen, [...platform]);
	});

	test('is an object in JSON', () => {
		assert.equal(JSON.stringify(new HeaderMap(['A', '1'])), '{"a":"1"}');
	});
});
