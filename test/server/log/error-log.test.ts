import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ErrorLog } from '../../../src/server/log/error-log.js';

test("The error log has gunicorn's form", () => {
	const lines: string[] = [];
	const log = new ErrorLog(
		(line) => lines.push(line),
		() => new Date(2026, 0, 2, 3, 4, 5),
	);
	log.info('Handling signal: term');
	assert.match(
		lines[0] ?? '',
		new RegExp(`^\\[2026-01-02 03:04:05 [+-]\\d{4}\\] \\[${process.pid}\\] \\[INFO\\] Handling signal: term\\n$`),
	);
});

test('An error is logged with its stack and its causes', () => {
	const lines: string[] = [];
	new ErrorLog((line) => lines.push(line)).error('Exception in worker process', new Error('outer', { cause: new TypeError('inner') }));
	assert.match(lines.join(''), /\[ERROR\] Exception in worker process\nError: outer\n +at [\s\S]*\nCaused by: TypeError: inner\n/);
});
