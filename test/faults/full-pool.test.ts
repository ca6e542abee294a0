import assert from 'node:assert/strict';
import { test } from 'node:test';
import { linesOf, runProgram } from '../support/program.js';

test('greenlets beyond the cap wait for a thread; a full pool that waits for itself is told', async () => {
	const lines = await linesOf('node', 'faults/full-pool.mjs');
	assert.equal(lines[0], '1 2 3 4 5 6 7');
	const errors = lines.filter((line) => typeof line === 'object') as { code: string; message: string }[];
	assert.equal(errors.length, 1, 'whoever gets the error makes room for the other');
	assert.equal(lines.filter((line) => line === 'leaf').length, 1);
	assert.equal(errors[0]?.code, 'ERR_WOULD_BLOCK_FOREVER');
	const waits = errors[0]?.message.split('\n').slice(1) ?? [];
	assert.ok(waits.some((line) => /^ {2}greenlet \d+ \(a\) waits for \d+ \(leaf\), which waits for a free thread$/.test(line)));
	assert.ok(waits.some((line) => /^ {2}greenlet \d+ \(b\) waits for \d+ \(leaf\), which waits for a free thread$/.test(line)));
});

test('the same is found when the main thread does not wait', async () => {
	const { status, stderr } = await runProgram('node', 'faults/full-pool.mjs', 'unwatched');
	assert.equal(status, 0);
	assert.match(stderr, /^Greenlet \d+ \(nested\) failed: WouldBlockForeverError: /m);
});
