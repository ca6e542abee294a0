import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BootFailures, STEADY_MS } from '../../../src/server/arbiter/boot-failures.js';
import type { Log } from '../../../src/server/log/log.js';

function recording(): { lines: string[]; log: () => Log } {
	const lines: string[] = [];
	const write = (text: string) => lines.push(text);
	return { lines, log: () => ({ debug: write, info: write, warning: write, error: write, critical: write }) };
}

test('BootFailures puts the next attempt off, longer each time', () => {
	const { lines, log } = recording();
	const failures = new BootFailures(log);
	assert.equal(failures.pending, false);
	failures.count(0, 0);
	assert.equal(failures.notBefore, 1_000);
	failures.count(1_000, 1);
	assert.equal(failures.notBefore, 3_000);
	failures.count(3_000, 2, 'ended right after its boot');
	assert.deepEqual(lines, [
		'A worker failed to boot, the next one starts in 1 s',
		'A worker failed to boot, the next one starts in 2 s, 1 serves on',
		'A worker ended right after its boot, the next one starts in 4 s, 2 serve on',
	]);
});

test('BootFailures counts workers that fail together once', () => {
	const { lines, log } = recording();
	const failures = new BootFailures(log);
	for (const now of [0, 10, 990]) failures.count(now, 0);
	assert.equal(failures.notBefore, 1_000);
	assert.equal(lines.length, 1);
});

test('BootFailures logs a reason once, and again after a reset', () => {
	const { lines, log } = recording();
	const failures = new BootFailures(log);
	for (const reason of ['no database', 'no database', 'no disk']) failures.explain(reason);
	assert.deepEqual(lines, ['no database', 'no disk']);
	failures.reset();
	failures.explain('no database');
	assert.equal(lines.length, 3);
});

test('BootFailures forgets when a worker that got ready since has served for a while', () => {
	const failures = new BootFailures(recording().log);
	assert.equal(failures.settle([{ readySince: 1 }], 5), Infinity, 'there is nothing to forget');
	failures.count(100, 1);
	assert.equal(failures.settle([{ readySince: 50 }], 9_000), Infinity, 'the old worker proves nothing');
	assert.equal(failures.settle([{ readySince: 50 }, { readySince: 200 }], 300), 200 + STEADY_MS);
	assert.equal(failures.pending, true);
	assert.equal(failures.settle([{ readySince: 200 }], 200 + STEADY_MS), Infinity);
	assert.equal(failures.pending, false);
	assert.equal(failures.notBefore, 0);
});

test('BootFailures counts a worker that ends by itself when it has hardly served', () => {
	const failures = new BootFailures(recording().log);
	failures.countEnd(5_000, 1, { readySince: 5_000 - STEADY_MS, killed: false });
	assert.equal(failures.pending, false);
	failures.countEnd(5_000, 1, { readySince: 4_900, killed: false });
	assert.equal(failures.notBefore, 6_000);
});

test('BootFailures lets somebody kill workers, but not those in their place', () => {
	const { lines, log } = recording();
	const failures = new BootFailures(log);
	// All that served.
	for (const now of [1_000, 1_010, 1_400]) failures.countEnd(now, 1, { readySince: 900, killed: true });
	assert.equal(failures.pending, false);
	failures.countEnd(1_900, 1, { readySince: 1_700, killed: true });
	assert.equal(failures.notBefore, 2_900);
	failures.countEnd(3_200, 1, { readySince: 3_100, killed: true });
	assert.equal(failures.notBefore, 5_200);
	assert.deepEqual(lines, [
		'A worker was killed right after its boot, the next one starts in 1 s, 1 serves on',
		'A worker was killed right after its boot, the next one starts in 2 s, 1 serves on',
	]);
});

test('BootFailures forgets that a worker was killed when one in its place has served for a while', () => {
	const failures = new BootFailures(recording().log);
	failures.countEnd(1_000, 1, { readySince: 900, killed: true });
	assert.equal(failures.settle([{ readySince: 900 }], 9_000), Infinity, 'one that served beside it proves nothing');
	assert.equal(failures.settle([{ readySince: 2_000 }], 2_500), 2_000 + STEADY_MS);
	assert.equal(failures.settle([{ readySince: 2_000 }], 2_000 + STEADY_MS), Infinity);
	failures.countEnd(3_600, 1, { readySince: 3_500, killed: true });
	assert.equal(failures.pending, false);
});
