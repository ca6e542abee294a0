import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeEnding, haltingReason, haltingStatus } from '../../../src/server/arbiter/worker-ending.js';

const status = (code: number) => ({ status: code, signal: null });
const signal = (name: NodeJS.Signals) => ({ status: null, signal: name });

test('describeEnding() complains of nothing but failures', () => {
	assert.equal(describeEnding(status(0)), undefined);
	assert.match(describeEnding(status(0), false) ?? '', /^exited with code 0 before it was ready/);
	assert.equal(describeEnding(status(1)), 'exited with code 1');
	assert.equal(describeEnding(signal('SIGSEGV')), 'was sent SIGSEGV!');
	assert.equal(describeEnding({ ...status(0), error: new Error('spawn EAGAIN') }), 'could not be started: spawn EAGAIN');
});

test('describeEnding() explains what memory may have to do with it', () => {
	assert.match(describeEnding(signal('SIGKILL')) ?? '', /Perhaps out of memory\?$/);
	for (const ending of [signal('SIGABRT'), signal('SIGTRAP'), status(134)]) assert.match(describeEnding(ending) ?? '', /Node aborted/);
});

test('haltingStatus() is 4 for the app, 3 for any other failure, and none for what somebody asked for', () => {
	assert.equal(haltingStatus(status(4)), 4);
	for (const ending of [status(0), status(1), status(3), signal('SIGABRT')]) assert.equal(haltingStatus(ending), 3);
	for (const name of ['SIGKILL', 'SIGINT', 'SIGTERM'] as const) assert.equal(haltingStatus(signal(name)), undefined);
});

test('haltingReason() uses the words of gunicorn', () => {
	assert.equal(haltingReason(4), 'App failed to load.');
	for (const code of [1, 3]) assert.equal(haltingReason(code), 'Worker failed to boot.');
});
