/** Whole programs under plain `node`: modules, limits, and places where nothing may block. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { linesOf, starting } from '../support/program.js';
import { projectPath } from '../support/project.js';

for (const starter of ['node', 'tsgevent'] as const) {
	test(`under ${starter} CommonJS programs spawn tasks, of other modules too`, async () => {
		assert.deepEqual(await linesOf(starter, 'runtime/main.cjs'), ['hello you from greet, false', '8', 'true true']);
	});
}

for (const starter of ['node', 'tsgevent'] as const) {
	test(`under ${starter} standard input is left to readFileSync(0)`, async () => {
		const argv = [...starting(starter), projectPath('test/fixtures/runtime/read-stdin.mjs')];
		const child = spawn(process.execPath, argv, { stdio: ['pipe', 'pipe', 'inherit'] });
		const output = text(child.stdout);
		const ended = once(child, 'exit');
		child.stdin.end('a line\n');
		assert.deepEqual([await output, await ended], ['a line\n\n', [0, null]]);
	});
}

test('threads grow to the cap, the warmest serves first, and the idle ones end', async () => {
	assert.deepEqual(await linesOf('node', 'runtime/pool-size.mjs'), [{ parallel: 4, warm: 1, ended: 3, again: 1 }]);
});

test('blocking calls are refused in callbacks of the main loop and in Workers of the app', async () => {
	const [callback, allowed, worker, late, name] = (await linesOf('node', 'runtime/wrong-places.mjs')) as Record<string, string>[];
	assert.deepEqual([callback?.name, callback?.code], ['BlockingHubError', 'ERR_BLOCKING_HUB']);
	assert.match(
		callback?.message ?? '',
		/^Cannot call sleep\(\) here: .* tsgunicorn, .* a spawned task, .* configure\(\{ allowMainCallbacks: true \}\)$/,
	);
	assert.equal(allowed, 'allowed');
	assert.deepEqual([worker?.name, worker?.code], ['WrongThreadError', 'ERR_WRONG_THREAD']);
	assert.match(worker?.message ?? '', /^Cannot call sleep\(\) here: this thread is not one of the pool/);
	assert.equal(late?.code, 'ERR_ALREADY_STARTED');
	assert.equal(name, 'main');
});
