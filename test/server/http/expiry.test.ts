import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Expiry } from '../../../src/server/http/expiry.js';
import { MockClock } from '../../../src/testing/mock-clock.js';

function watch(ms: number): { clock: MockClock; expiry: Expiry<string>; expired: string[] } {
	const clock = new MockClock();
	const expired: string[] = [];
	return { clock, expired, expiry: new Expiry(ms, (item) => expired.push(`${item} at ${clock.now()}`), clock) };
}

test('Each item expires when its own time is over', () => {
	const { clock, expiry, expired } = watch(100);
	expiry.add('a');
	clock.advance(30);
	expiry.add('b');
	clock.advance(69);
	assert.deepEqual(expired, []);
	clock.advance(1_000);
	assert.deepEqual(expired, ['a at 100', 'b at 130']);
	assert.equal(clock.jump(), false, 'no timer is left');
});

test('What is done in time does not expire, and leaves no timer', () => {
	const { clock, expiry, expired } = watch(100);
	expiry.add('a');
	expiry.add('b');
	expiry.delete('a');
	clock.advance(100);
	assert.deepEqual(expired, ['b at 100']);
	expiry.add('c');
	expiry.delete('c');
	assert.equal(clock.jump(), false);
});

test('Without a limit nothing expires', () => {
	const { clock, expiry } = watch(0);
	expiry.add('a');
	assert.equal(clock.jump(), false);
	expiry.delete('a');
});
