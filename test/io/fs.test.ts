import assert from 'node:assert/strict';
import node from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import fs, * as names from '../../src/io/fs.js';

/** The functions with a synchronous twin on this Node. */
const twins = Object.keys(node)
	.filter((name) => name.endsWith('Sync'))
	.map((name) => name.slice(0, -'Sync'.length))
	.filter((name) => name in node);

const all = node as unknown as Readonly<Record<string, unknown>>;

describe('fs', () => {
	test('gives the synchronous twin under the plain name, for every function that has one', () => {
		for (const name of twins) assert.equal((fs as unknown as Record<string, unknown>)[name], all[`${name}Sync`], name);
	});

	test('exports them by name, all that Node 20 has', () => {
		const later = new Set(['glob', 'openAsBlob']);
		for (const name of twins.filter((twin) => !later.has(twin))) {
			assert.equal((names as unknown as Record<string, unknown>)[name], all[`${name}Sync`], name);
		}
	});

	test('leaves everything else as it is', () => {
		const rest = Object.keys(node).filter((name) => !twins.includes(name) && name !== 'promises' && name !== 'default');
		for (const name of rest) assert.equal((names as unknown as Record<string, unknown>)[name], all[name], name);
		assert.equal(fs.promises, node.promises);
	});

	test('reads and writes without callbacks', () => {
		const file = join(fs.mkdtemp(join(tmpdir(), 'tsgevent-fs-')), 'file');
		names.writeFile(file, 'text');
		assert.equal(names.readFile(file, 'utf8'), 'text');
		assert.equal(names.exists(file), true);
		names.rm(join(file, '..'), { recursive: true });
		assert.throws(() => names.readFile(file), { code: 'ENOENT', syscall: 'open', path: file });
	});
});
