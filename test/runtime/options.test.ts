import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { configure, type RuntimeOptions } from '../../src/runtime/options.js';

describe('configure()', () => {
	test('takes what makes sense, and what is undefined as not given', () => {
		configure({ maxGreenlets: 1, minThreads: 0, idleMs: 0, heapLimitMb: 64, runnable: 1, allowMainCallbacks: false });
		configure({ maxGreenlets: Number.POSITIVE_INFINITY });
		configure({ maxGreenlets: undefined } as unknown as RuntimeOptions);
	});

	for (const [given, code, name] of [
		[{ maxGreenlets: 0 }, 'ERR_OUT_OF_RANGE', 'RangeError'],
		[{ idleMs: Number.NaN }, 'ERR_OUT_OF_RANGE', 'RangeError'],
		[{ maxGreenlets: '3' }, 'ERR_INVALID_ARG_TYPE', 'TypeError'],
		[{ maxGreenlet: 3 }, 'ERR_INVALID_ARG_VALUE', 'TypeError'],
	] as const) {
		test(`refuses ${JSON.stringify(given)} by ${code}`, () => {
			assert.throws(() => configure(given as unknown as RuntimeOptions), { code, name });
		});
	}
});
