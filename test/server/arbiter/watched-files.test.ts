import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { WatchedFiles } from '../../../src/server/arbiter/watched-files.js';

const folder = mkdtempSync(join(tmpdir(), 'watched-'));
after(() => rmSync(folder, { recursive: true }));
const at = (...parts: string[]): string => join(folder, ...parts);
mkdirSync(at('app/dist'), { recursive: true });
mkdirSync(at('templates/mail'), { recursive: true });
mkdirSync(at('node_modules/.cache/app'), { recursive: true });
writeFileSync(at('templates/[id].html'), '');

test('code counts, with all folders below, but for packages and what begins with a dot', () => {
	const files = new WatchedFiles([at('app')], [], []);
	assert.deepEqual(files.roots, [at('app')]);
	for (const name of ['a.js', 'a.mjs', 'a.cjs', 'a.ts', 'a.mts', 'a.cts', 'a.json', 'dist/deep/er/a.js'])
		assert.ok(files.hasFile(at('app', name)), name);
	for (const name of ['a.txt', 'a.js~', '.a.js', 'server.log', 'server.pid', 'node_modules/p/a.js', 'b/node_modules/p/a.js', '.git/a.js'])
		assert.ok(!files.hasFile(at('app', name)), name);
	assert.ok(!files.hasFile(at('application/a.js')));
	assert.deepEqual(
		['.', 'b/c', 'dist', 'node_modules', 'b/.git', '../other'].map((name) => files.hasFolder(at('app', name))),
		[true, true, true, false, false, false],
	);
});

test('an app that lives below a folder of packages or a hidden one is watched all the same', () => {
	const files = new WatchedFiles([at('node_modules/.cache/app')], [], []);
	assert.ok(files.hasFile(at('node_modules/.cache/app/a.js')));
	assert.ok(!files.hasFile(at('node_modules/.cache/app/node_modules/a.js')));
});

test('logs and pid files never count, whatever they are called', () => {
	const files = new WatchedFiles([at('app')], [], [at('app/access.json')]);
	assert.ok(!files.hasFile(at('app/access.json')));
});

for (const [glob, matching, others] of [
	['templates/*.html', ['templates/a.html'], ['templates/mail/a.html', 'templates/a.htm', 'other/a.html']],
	['templates/**/*.html', ['templates/a.html', 'templates/mail/x/a.html'], ['templates/a.txt']],
	['templates', ['templates/a', 'templates/mail/a.txt'], ['templatesque/a']],
	['templates/?[0-9].{txt,md}', ['templates/a1.txt', 'templates/b2.md'], ['templates/a.txt', 'templates/a1.html', 'templates/aa.md']],
	['templates/[!a].txt', ['templates/b.txt'], ['templates/a.txt']],
	['templates/[id].html', ['templates/[id].html'], ['templates/i.html']],
	['new/folder/settings.ini', ['new/folder/settings.ini'], ['new/folder/settings.inix', 'new/folder/x/settings.ini']],
] as const) {
	test(`the extra file ${glob}`, () => {
		const files = new WatchedFiles([at('app')], [at(glob)], []);
		for (const path of matching) assert.ok(files.hasFile(at(path)), path);
		for (const path of others) assert.ok(!files.hasFile(at(path)), path);
	});
}

test('an extra file in a folder that is not there yet is looked for from the nearest one that is', () => {
	const files = new WatchedFiles([at('app')], [at('templates/new/deep/*.html')], []);
	assert.deepEqual(files.roots, [at('app'), at('templates')]);
	assert.deepEqual(
		['templates', 'templates/new', 'templates/new/deep', 'templates/new/deep/er', 'templates/mail'].map((path) =>
			files.hasFolder(at(path)),
		),
		[true, true, true, false, false],
	);
});
