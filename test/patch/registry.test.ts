import assert from 'node:assert/strict';
import dns from 'node:dns';
import fs, { readFile } from 'node:fs';
import { createRequire } from 'node:module';
import os, { hostname } from 'node:os';
import { describe, test } from 'node:test';
import { getOriginal, isModulePatched, patchAll, patchModule } from '../../patch/monkey.js';

const require = createRequire(import.meta.url);

describe('patchModule()', () => {
	test('is seen by require, default and named imports that were there before', () => {
		const original = os.hostname;
		assert.equal(isModulePatched('os'), false);
		const replacement = () => 'replaced';
		patchModule('node:os', { hostname: replacement });
		assert.deepEqual([hostname(), os.hostname(), require('node:os').hostname()], ['replaced', 'replaced', 'replaced']);
		assert.equal(isModulePatched('os'), true);
		assert.equal(isModulePatched('node:os'), true);
		assert.equal(getOriginal('os', 'hostname'), original);
	});

	test('keeps the first original when it is called again', () => {
		const original = getOriginal('os', 'hostname');
		patchModule('os', { hostname: () => 'again' });
		assert.equal(hostname(), 'again');
		assert.equal(getOriginal('os', 'hostname'), original);
	});

	test('adds names', () => {
		patchModule('os', { nothingOfNode: 1 });
		assert.equal(require('node:os').nothingOfNode, 1);
		assert.equal(getOriginal('os', 'nothingOfNode'), undefined);
	});

	test('refuses what is read-only, and then patches nothing', () => {
		const { mkdir } = fs;
		assert.throws(() => patchModule('fs', { mkdir: () => undefined, constants: {} }), {
			name: 'TypeError',
			message: 'Cannot patch fs.constants: it is read-only; patch the members of its value',
		});
		assert.equal(fs.mkdir, mkdir);
		assert.equal(isModulePatched('fs'), false);
	});

	test("refuses what is not one of Node's modules", () => {
		assert.throws(() => patchModule('express', {}), { name: 'TypeError', message: /^Cannot patch 'express': it is not one of Node's own/ });
	});
});

describe('getOriginal()', () => {
	test('gives the present value of what is not patched, and several at once', () => {
		assert.equal(getOriginal('path', 'join'), require('node:path').join);
		assert.deepEqual(getOriginal('path', ['join', 'sep']), [require('node:path').join, require('node:path').sep]);
	});
});

describe('patchAll()', () => {
	test('refuses a module it does not know', () => {
		assert.throws(() => patchAll({ socket: false } as object), { name: 'TypeError', message: /^Cannot patch 'socket': .* dns, net, / });
	});

	test('leaves out what it is told to, and repeated calls only add', () => {
		const { lookup } = dns;
		const original = fs.readFile;
		patchAll({ dns: false });
		assert.deepEqual(['dns', 'fs', 'zlib'].map(isModulePatched), [false, true, true]);
		assert.equal(dns.lookup, lookup);
		const once = fs.readFile;
		assert.notEqual(once, original);
		patchAll({ fs: false });
		assert.equal(fs.readFile, once);
		assert.equal(readFile, once);
		assert.notEqual(dns.lookup, lookup);
		assert.equal(getOriginal('dns', 'lookup'), lookup);
	});

	test('leaves the synchronous functions of fs alone', () => {
		for (const name of Object.keys(fs).filter((key) => key.endsWith('Sync'))) {
			assert.equal(getOriginal('fs', name), (fs as unknown as Record<string, unknown>)[name]);
		}
	});
});
