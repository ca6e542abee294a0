import assert from 'node:assert/strict';
import { test } from 'node:test';
import { takeApart } from './source.js';

const text = String.raw`import './first.js';
import a, { type B } from '../b.js'; // import x from 'in-a-comment'
import type {
	C,
} from 'node:c';
export * from './d/e.js';
/* export { f } from './f.js'; */
const text = "import g from './g.js'";
const tick = ${'`'}${'$'}{{ a: ${'`'}nested ' ${'$'}{1}${'`'} }.a} // no comment${'`'};
const pattern = /['"\/[/]]/.test(tick) ? 4 / 2 / 1 : await import('./lazy.js');
let type: import('./h.js').H; Atomics.load(pattern);
`;

test('the imports of a source file are found, and only they', () => {
	const { imports } = takeApart('src/io/net.ts', text);
	assert.deepEqual(
		imports.map(({ specifier, target, typeOnly, dynamic }) => [specifier, target, typeOnly, dynamic]),
		[
			['./first.js', 'src/io/first.ts', false, false],
			['../b.js', 'src/b.ts', false, false],
			['node:c', undefined, true, false],
			['./d/e.js', 'src/io/d/e.ts', false, false],
			['./lazy.js', 'src/io/lazy.ts', false, true],
			['./h.js', 'src/io/h.ts', true, true],
		],
	);
});

test('comments and the insides of strings are blanked out of the code', () => {
	const { code, uncommented } = takeApart('src/io/net.ts', text);
	assert.equal(code.length, text.length);
	assert.doesNotMatch(code, /comment|nested|first/);
	assert.match(code, /\{ a: ` {9}\$\{1\}` \}\.a\}/);
	assert.match(code, /\? 4 \/ 2 \/ 1 :/);
	assert.match(code, /Atomics\.load\(pattern\)/);
	assert.match(uncommented, /first/);
	assert.match(uncommented, /no comment/);
	assert.doesNotMatch(uncommented, /in-a-comment/);
});
