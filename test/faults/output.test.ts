import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { type Starter, starting } from '../support/program.js';
import { projectPath } from '../support/project.js';

for (const starter of ['node', 'tsgevent'] as Starter[]) {
	test(`under ${starter} output of greenlets appears at once and in order while the main greenlet is parked`, async () => {
		const child = spawn(process.execPath, [...starting(starter), projectPath('test/fixtures/faults/output.mjs'), 'wait']);
		let seen = '';
		for await (const text of child.stdout.setEncoding('utf8')) {
			seen += text;
			if (seen.endsWith('main after\n')) break;
		}
		// The program is parked for ever now, and everything has arrived.
		child.kill('SIGKILL');
		await once(child, 'close');
		const expected = Array.from({ length: 50 }, (_, i) => `out ${i}\nraw ${i}\n`).join('');
		assert.equal(seen, `${expected}${'x'.repeat(200_000)}\nmain after\n`);
	});
}
