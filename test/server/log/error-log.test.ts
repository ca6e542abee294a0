import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ErrorLog } from '../../../src/server/log/error-log.js';

const NOW = () => new Date(2026, 0, 2, 3, 4, 5);

test("The error log has gunicorn's form", () => {
	const lines: string[] = [];
	const log = new ErrorLog((line) => lines.push(line), NOW);
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

test('An error that is its own cause, or cannot be shown, is logged all the same', () => {
	const lines: string[] = [];
	const log = new ErrorLog((line) => lines.push(line));
	const circular = new Error('round');
	circular.cause = circular;
	log.error('one', circular);
	log.critical('two', Object.create(null));
	assert.match(lines[0] ?? '', /\[ERROR\] one\nError: round\n[\s\S]*\nCaused by: \.\.\.\n$/);
	assert.equal(lines[0]?.match(/Caused by/g)?.length, 11);
	assert.match(lines[1] ?? '', /\[CRITICAL\] two\nAn error that cannot be shown\n$/);
});

test('The level decides what is written', () => {
	for (const [level, expected] of [
		['debug', ['DEBUG', 'INFO', 'WARNING', 'ERROR', 'CRITICAL']],
		['info', ['INFO', 'WARNING', 'ERROR', 'CRITICAL']],
		['error', ['ERROR', 'CRITICAL']],
		['critical', ['CRITICAL']],
	] as const) {
		const levels: string[] = [];
		const log = new ErrorLog((_line, written) => levels.push(written), NOW, level);
		log.debug('a');
		log.info('a');
		log.warning('a');
		log.error('a');
		log.critical('a');
		assert.deepEqual(levels, expected);
	}
});
