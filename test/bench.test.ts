import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { httpRows } from '../bench/http-rows.js';
import { headline, markdown, median, type Outcome } from '../bench/report.js';
import { type Row, rows } from '../bench/rows.js';
import { projectPath } from './support/project.js';

const echo = rows.find(({ name }) => name === 'echo') as Row;
const node = { path: '/usr/bin/node', version: '20.20.2' };

function outcome(figure: Row['figure'], ...figures: number[][]): Outcome {
	return { row: { ...echo, figure }, node, figures };
}

test('median() is the middle, or the mean of the two in the middle', () => {
	assert.equal(median([3, 1, 2]), 2);
	assert.equal(median([4, 1, 2, 3]), 2.5);
});

test('headline() takes ratios within a round, so that a busy round weighs on both sides', () => {
	assert.equal(headline(outcome('ratio', [30, 3, 300], [10, 1, 100])), 3);
	assert.equal(headline(outcome('inverse', [10, 1, 100], [30, 3, 300])), 3);
	assert.equal(headline(outcome('value', [8, 9, 7])), 8);
});

test('markdown() marks what misses its limit and names the machine', () => {
	const table = markdown([outcome('ratio', [10], [10], [1]), outcome('ratio', [20], [10], [1])], [node], new Date(0));
	assert.match(table, /\*\*1\.00x \(missed\)\*\*/);
	assert.match(table, /\*\*2\.00x\*\*/);
	assert.match(table, /\d+ cores of .+ GB, .+ Node 20\.20\.2\. Measured 1970-01-01/);
});

test('every case of every row is a script', () => {
	for (const { script } of [...rows, ...httpRows].flatMap(({ cases }) => cases))
		assert.ok(existsSync(projectPath(`bench/cases/${script}.ts`)), script);
});
