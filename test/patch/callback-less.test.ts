import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Arguments, CALLBACK_LESS } from '../../patch/callback-less.js';
import { patchAll } from '../../patch/monkey.js';
import { type Core, coreModule, getOriginal } from '../../patch/registry.js';
import type { Probed } from './probe/probe.js';
import { SAMPLES } from './probe/samples.js';

type Callable = (...args: unknown[]) => unknown;
type Outcome = { value: unknown } | { code: unknown; message: unknown };

interface Entry {
	readonly module: string;
	readonly name: string;
	readonly range: Arguments;
}

const table: Entry[] = Object.entries(CALLBACK_LESS).flatMap(([module, functions]) =>
	Object.entries(functions as Record<string, Arguments>).map(([name, range]) => ({ module, name, range })),
);
const member = (core: object, path: string): unknown => path.split('.').reduce<unknown>((at, key) => (at as Core)[key], core);
const patched = ({ module, name }: Entry): Callable => member(coreModule(module), name) as Callable;

// Only now, before the patch, can the originals be looked at, and the twins that will answer be replaced by ones that tell.
const before = new Map(table.map((entry) => [entry, patched(entry)]));
const looks = new Map([...before].map(([entry, original]) => [entry, Object.getOwnPropertyDescriptors(original)]));
const telling = (name: string): Callable =>
	Object.assign((...args: unknown[]) => [name, ...args], { native: (...args: unknown[]) => [`${name}.native`, ...args] });
withTellingTwins(() => patchAll({ allowMainCallbacks: true }));

const root = fs.mkdtempSync(join(tmpdir(), 'tsgevent-callback-less-'));
const shapesOf = ({ module, name, range: [fewest, most] }: Entry) =>
	(SAMPLES[module]?.[name]?.(fs.mkdtempSync(join(root, 'call-'))) ?? []).filter(({ length }) => length >= fewest && length <= most);

after(() => fs.rmSync(root, { recursive: true, force: true }));

test('the table holds only what throws for a missing callback on the Node that runs this', () => {
	const probe = fileURLToPath(new URL('./probe/probe.js', import.meta.url));
	const probed = JSON.parse(execFileSync(process.execPath, ['--no-warnings', probe], { encoding: 'utf8' })) as Probed;
	for (const { module, name, range } of table) {
		const [fewest, most] = probed[module]?.[name] ?? [];
		assert.ok(fewest !== undefined && most !== undefined, `${module}.${name} does not throw`);
		assert.ok(fewest <= range[0] && most >= range[1], `${module}.${name} throws for ${fewest} to ${most} arguments only`);
	}
});

describe('a function of the table', () => {
	test('answers as its Sync twin when the callback is missing', () => {
		for (const entry of table.filter(({ module }) => module !== 'dns')) {
			const twin = entry.name.includes('.') ? entry.name.replace('.', 'Sync.') : `${entry.name}Sync`;
			const shapes = shapesOf(entry);
			assert.ok(shapes.length > 0, `${entry.module}.${entry.name} was not called`);
			for (const shape of shapes) assert.deepEqual(patched(entry)(...shape), [twin, ...shape]);
		}
	});

	test('throws what Node throws when undefined or null stands in the place of the callback', () => {
		for (const entry of table) {
			for (const shape of shapesOf(entry)) {
				for (const nothing of [undefined, null]) {
					const original = outcome(before.get(entry) as Callable, [...shape, nothing]);
					// A null for the callback of `fs.symlink` with a type goes unnoticed since Node 24, and may go on to do so.
					assert.ok('code' in original || entry.name === 'symlink', `${entry.module}.${entry.name} takes ${nothing}`);
					assert.deepEqual(outcome(patched(entry), [...shape, nothing]), original);
				}
			}
		}
	});

	test('throws what Node throws when more than the callback is missing', () => {
		for (const entry of table) {
			assert.deepEqual(outcome(patched(entry), []), outcome(before.get(entry) as Callable, []));
		}
	});

	test('keeps its name, length and own keys', () => {
		for (const entry of table) {
			const { native: _, ...now } = Object.getOwnPropertyDescriptors(patched(entry)) as PropertyDescriptorMap;
			const { native: __, ...once } = looks.get(entry) as PropertyDescriptorMap;
			assert.deepEqual(now, once, `${entry.module}.${entry.name}`);
		}
	});

	test('is found by getOriginal as it was', () => {
		for (const [entry, original] of before) {
			if (!entry.name.includes('.')) assert.equal(getOriginal(entry.module, entry.name), original);
		}
	});
});

test('dns functions without a callback answer as the blocking twins do', () => {
	const dns = coreModule('dns');
	// Name servers of blocking calls live on the hub: this reaches it. Nobody listens there.
	const { resolve4 } = dns;
	(dns.setServers as Callable)(['127.0.0.1:1']);
	assert.notEqual(dns.resolve4, resolve4, 'Node gives its functions a new resolver, and those are patched again');
	for (const entry of table.filter(({ module }) => module === 'dns')) {
		for (const shape of shapesOf(entry)) {
			assert.deepEqual(outcome(patched(entry), shape), outcome(dns[`${entry.name}Sync`] as Callable, shape), entry.name);
		}
	}
	assert.equal((outcome(dns.resolve4 as Callable, ['host.invalid']) as { code: unknown }).code, 'ECONNREFUSED');
});

test('functions with a callback call it later and return what they did', async () => {
	const { stat } = coreModule('fs') as unknown as typeof fs;
	let returned = false;
	const called = new Promise((resolve) => {
		const result: unknown = stat(root, (_error, stats) => resolve({ returned, folder: stats.isDirectory() }));
		assert.equal(result, undefined);
	});
	returned = true;
	assert.deepEqual(await called, { returned: true, folder: true });
});

test('functions given to promisify keep their promise forms', async () => {
	const dns = coreModule('dns') as unknown as typeof import('node:dns');
	assert.deepEqual(await promisify(dns.lookup)('127.0.0.1'), { address: '127.0.0.1', family: 4 });
	assert.equal(await promisify(fs.exists)(root), true);
	assert.equal(await promisify(fs.readFile)(fileURLToPath(import.meta.url), 'utf8').then((text) => text.length > 0), true);
	const { bytesRead } = await promisify(fs.read)(fs.openSync(fileURLToPath(import.meta.url), 'r'), Buffer.alloc(4), 0, 4, 0);
	assert.equal(bytesRead, 4);
});

function outcome(fn: Callable, args: readonly unknown[]): Outcome {
	try {
		return { value: fn(...args) };
	} catch (error) {
		const { code, message } = error as NodeJS.ErrnoException;
		return { code, message };
	}
}

function withTellingTwins(body: () => void): void {
	const restore: (() => void)[] = [];
	for (const { module, name } of table.filter(({ module, name }) => module !== 'dns' && !name.includes('.'))) {
		const core = coreModule(module);
		const key = `${name}Sync`;
		const original = core[key];
		core[key] = telling(key);
		restore.push(() => {
			core[key] = original;
		});
	}
	body();
	for (const undo of restore) undo();
	syncBuiltinESMExports();
}
