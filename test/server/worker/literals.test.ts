import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseLiterals } from '../../../src/server/worker/literals.js';

test('parseLiterals() reads strings, numbers, words, arrays and objects', () => {
	assert.deepEqual(parseLiterals(''), []);
	assert.deepEqual(parseLiterals(" 'a', \"b:c\", 'it\\'s\\n' "), ['a', 'b:c', "it's\n"]);
	assert.deepEqual(parseLiterals('1, -2.5, .5, 1e3, 1_000, '), [1, -2.5, 0.5, 1000, 1000]);
	assert.deepEqual(parseLiterals('true, False, null, None, undefined'), [true, false, null, null, undefined]);
	assert.deepEqual(parseLiterals("[1, ['x'], []], { port: 80, 'a b': { c: [null] }, }"), [
		[1, ['x'], []],
		{ port: 80, 'a b': { c: [null] } },
	]);
});

test('parseLiterals() makes no prototype of a name', () => {
	const [value] = parseLiterals('{ __proto__: { admin: true } }') as [Record<string, unknown>];
	assert.equal(value.admin, undefined);
	assert.ok(Object.hasOwn(value, '__proto__'));
});

test('parseLiterals() refuses anything that would have to run', () => {
	for (const text of ['process.exit()', 'a', '1 + 1', '[1', "'a", '{ a }', '1 2', '`a`', '1, , 2', 'constructor', '1a'])
		assert.throws(() => parseLiterals(text), { name: 'SyntaxError', message: /may stand there, not / }, text);
	assert.throws(() => parseLiterals('debug=True'), /not debug=True; JavaScript has no named arguments: give an object, \{ name: value \}$/);
});
