import assert from 'node:assert/strict';

/** What `call` throws; fails when it throws nothing. */
export function thrown<E extends Error = NodeJS.ErrnoException>(call: () => unknown): E {
	try {
		call();
	} catch (error) {
		return error as E;
	}
	throw new assert.AssertionError({ message: 'nothing was thrown' });
}
