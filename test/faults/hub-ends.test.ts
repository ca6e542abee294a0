/** The hub thread ends under the program, which then must end too. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { runProgram } from '../support/program.js';

for (const where of ['parked', 'busy', 'loop']) {
	describe(`while the main thread is ${where === 'loop' ? 'in its event loop' : where}`, () => {
		test('a crash of the hub ends the process with its error', async () => {
			const { status, stdout, stderr } = await runProgram('node', 'faults/hub-ends.js', 'crash', where);
			assert.deepEqual({ status, stdout }, { status: 1, stdout: 'exit 1\n' });
			assert.match(stderr, /^The hub thread crashed: Error: bug in a service\n +at /);
			assert.match(stderr, /^The hub has stopped: its thread exited with code 1$/m);
		});

		test('an exit of the hub ends the process', async () => {
			const { status, stdout, stderr } = await runProgram('node', 'faults/hub-ends.js', 'exit', where);
			assert.deepEqual({ status, stdout }, { status: 1, stdout: 'exit 1\n' });
			assert.equal(stderr, 'The hub has stopped: its thread exited with code 7\n');
		});
	});
}
