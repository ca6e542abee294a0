import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runNode } from '../support/node-process.js';

test('the two-file script greets everybody, in order', async () => {
	const { status, stdout, stderr } = await runNode(['examples/two-files/main.js', 'Ada', 'Grace', 'Barbara']);
	assert.equal(stdout, 'Hello, Ada\nHello, Grace\nHello, Barbara\n');
	assert.equal(stderr, '');
	assert.equal(status, 0);
});

test('the same in CommonJS looks up names in patched style', async () => {
	const { status, stdout, stderr } = await runNode(['examples/two-files-cjs/main.cjs', '127.0.0.1', '::1']);
	assert.equal(stderr, '');
	assert.equal(stdout, '127.0.0.1 is 127.0.0.1 (IPv4)\n::1 is ::1 (IPv6)\n');
	assert.equal(status, 0);
});

test('a task called in place runs where it is called, in programs without a file too', async () => {
	const asModule = "import { greet } from './examples/two-files/tasks.js'; console.log(greet('Edsger'));";
	const asScript = "const { greet } = require('./examples/two-files/tasks.js'); console.log(greet('Edsger'));";
	for (const args of [
		['--input-type=module', '--eval', asModule],
		['--eval', asScript],
	]) {
		const { status, stdout, stderr } = await runNode(args);
		assert.equal(stderr, '');
		assert.equal(stdout, 'Hello, Edsger\n');
		assert.equal(status, 0);
	}
});
