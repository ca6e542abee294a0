import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeBind, parseBind } from '../../../src/server/config/bind-address.js';

test("parseBind() reads gunicorn's forms", () => {
	assert.deepEqual(parseBind('localhost:80'), { kind: 'tcp', host: 'localhost', port: 80 });
	assert.deepEqual(parseBind('localhost'), { kind: 'tcp', host: 'localhost', port: 8000 });
	assert.deepEqual(parseBind(':0'), { kind: 'tcp', host: '0.0.0.0', port: 0 });
	assert.deepEqual(parseBind('[::1]:80'), { kind: 'tcp', host: '::1', port: 80 });
	assert.deepEqual(parseBind('tcp://[::]'), { kind: 'tcp', host: '::', port: 8000 });
	assert.deepEqual(parseBind('unix:/run/a b.sock'), { kind: 'unix', path: '/run/a b.sock' });
	assert.deepEqual(parseBind('unix:///run/a.sock'), { kind: 'unix', path: '/run/a.sock' });
	assert.deepEqual(parseBind('unix:a.sock'), { kind: 'unix', path: 'a.sock' });
	assert.deepEqual(parseBind('fd://3'), { kind: 'fd', fd: 3 });
});

test('parseBind() refuses what is no address', () => {
	for (const text of ['', 'unix:', '::1', 'host:port', 'host:65536', 'host:-1', 'fd://', 'fd://x', 'fd://-1', '[::1', 'http://host'])
		assert.throws(() => parseBind(text), RangeError, text);
});

test('describeBind() puts IPv6 in brackets and names paths and descriptors', () => {
	assert.equal(describeBind({ kind: 'tcp', host: '::1', port: 80 }), 'http://[::1]:80');
	assert.equal(describeBind({ kind: 'unix', path: '/a' }), 'unix:/a');
	assert.equal(describeBind({ kind: 'fd', fd: 3 }), 'fd://3');
});
