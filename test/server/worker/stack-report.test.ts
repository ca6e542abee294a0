import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { GreenletView } from '../../../src/hub/greenlet-view.js';
import { type ProcessLook, renderStacks } from '../../../src/server/worker/stack-report.js';

const GREENLET: GreenletView = { id: 7, name: 'GET /', state: 'running', thread: 3, parked: false, asked: undefined, forMs: 1_240 };
const LOOK: ProcessLook = { hub: [], greenlets: [], ageMs: 0, threads: [], complete: true, children: [] };

function report(look: Partial<ProcessLook>): string {
	return renderStacks('Stacks:', { ...LOOK, ...look });
}

test('renderStacks() says where a hub without frames is', () => {
	assert.equal(report({}), 'Stacks:\nhub, the main thread:\n    (in its event loop)');
});

test('renderStacks() puts greenlets that run before those that wait', () => {
	const waits: GreenletView = { ...GREENLET, id: 6, name: '', thread: 2, parked: true, asked: 'sleep', forMs: undefined };
	const threads = [
		{ title: '[worker 2]', greenlet: 6, frames: ['    at park'] },
		{ title: '[worker 3]', greenlet: 7, frames: ['    at spin'] },
		{ title: '[worker 4]', greenlet: 0, frames: [] },
	];
	assert.equal(
		report({ hub: ['    at run'], greenlets: [waits, GREENLET], threads }),
		[
			'Stacks:',
			'hub, the main thread:',
			'    at run',
			'greenlet 7 (GET /) on thread 3 for 1.2 s, runs:',
			'    at spin',
			'greenlet 6 on thread 2, waits for sleep:',
			'    at park',
			'threads without a greenlet: 1',
		].join('\n'),
	);
});

test('renderStacks() names the last call and the child processes where a native call gives no stack', () => {
	const greenlets = [{ ...GREENLET, asked: 'readBodySync' }];
	assert.equal(
		report({ greenlets, threads: [{ title: '[worker 3]' }], complete: false, children: ['12 sleep 4'] }),
		[
			'Stacks:',
			'hub, the main thread:',
			'    (in its event loop)',
			'greenlet 7 (GET /) on thread 3 for 1.2 s, runs; its last call was readBodySync:',
			'    (no stack: inside a native call)',
			'child processes:',
			'    12 sleep 4',
		].join('\n'),
	);
});

test('renderStacks() takes a greenlet that no thread carries for one on its way when all threads have answered', () => {
	assert.match(report({ greenlets: [GREENLET] }), /, runs:\n {4}\(no stack: it just begins or ends\)$/);
});

test('renderStacks() tells of threads of the app, greenlets that the hub does not know yet, and those that have no thread', () => {
	const queued: GreenletView = { ...GREENLET, id: 9, name: 'GET /later', state: 'queued', thread: undefined, forMs: undefined };
	const threads = [
		{ title: '[worker 5] images', frames: ['    at resize'] },
		{ title: '[worker 6]', greenlet: 8, frames: ['    at begin'] },
	];
	assert.equal(
		report({ greenlets: [queued], threads }),
		[
			'Stacks:',
			'hub, the main thread:',
			'    (in its event loop)',
			'greenlet 8, new to the hub:',
			'    at begin',
			'thread [worker 5] images:',
			'    at resize',
			'greenlets without a thread: 9 (GET /later)',
		].join('\n'),
	);
});

test('renderStacks() says why there is nothing to show', () => {
	assert.equal(report({ failure: 'Inspector is not available' }), 'Stacks:\n    (Inspector is not available)');
});

test('renderStacks() cuts a report off at a line break below 256 KB', () => {
	const frames = Array.from({ length: 10_000 }, (_, i) => `    at call${i} (file:///app/a/long/path/to/a/module.js)`);
	const text = report({ hub: frames });
	assert.ok(text.length <= 256 * 1024 + '\n(cut off)'.length, String(text.length));
	assert.match(text, /module\.js\)\n\(cut off\)$/);
});
