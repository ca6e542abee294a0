import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runProgram } from '../support/program.js';

test('what a greenlet leaves behind never reaches its successor', async () => {
	const { status, stdout, stderr } = await runProgram('node', 'faults/strays.mjs');
	assert.equal(status, 0, stderr);
	assert.deepEqual(
		stdout
			.trimEnd()
			.split('\n')
			.map((line) => JSON.parse(line) as unknown),
		[
			{ leave: 'leaveStorage', same: true, store: null },
			{ leave: 'asyncStorage', same: true, store: null },
			{ leave: 'rejectLater', replaced: true, store: null, seen: [] },
			{ leave: 'throwLater', replaced: true, store: null, seen: [] },
			[null, ['ERR_WRONG_THREAD', null]],
		],
	);
	assert.match(stderr, /^Unhandled rejection in a greenlet thread, which will be replaced: Error: stray rejection\n +at rejectLater /m);
	assert.match(stderr, /^Uncaught error in a greenlet thread, which will be replaced: Error: late error\n +at /m);
});
