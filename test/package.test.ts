import assert from 'node:assert/strict';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { run, runNode } from './support/node-process.js';
import { projectPath } from './support/project.js';
import { manifest, specifierOf } from './support/public-api.js';

/** The files behind the export map, as `./net (types)` to `dist/src/io/net.d.ts`. */
const targets = Object.entries(manifest.exports).flatMap(([key, target]) =>
	Object.entries(typeof target === 'string' ? { file: target } : target).map(
		([condition, file]) => [`${key} (${condition})`, file.slice(2)] as const,
	),
);

/** The entries with code behind them. */
const specifiers = Object.entries(manifest.exports).flatMap(([key, target]) =>
	typeof target === 'object' && target.default !== undefined ? [specifierOf(key)] : [],
);

/** A program that prints what a module exports; `__esModule` is Node's own, on what `require` gives. */
function printNames(module: string): string {
	return `console.log(JSON.stringify(Object.keys(${module}).filter((name) => name !== '__esModule')))`;
}

describe('the package as npm packs it', () => {
	let home = '';
	let packed: string[] = [];

	before(async () => {
		const { status, stdout, stderr } = await run('npm', ['pack', '--dry-run', '--json', '--ignore-scripts', '--no-update-notifier']);
		assert.equal(status, 0, stderr);
		const [listing] = JSON.parse(stdout) as [{ files: { path: string }[] }];
		packed = listing.files.map(({ path }) => path);
		home = mkdtempSync(join(tmpdir(), 'tsgevent-package-'));
		install();
	});

	after(() => {
		rmSync(home, { recursive: true, force: true });
	});

	/** What `npm install` of the tarball does: the packed files, the dependencies, and links to the programs. */
	function install(): void {
		for (const file of packed) {
			const copy = join(home, 'node_modules', manifest.name, file);
			mkdirSync(dirname(copy), { recursive: true });
			copyFileSync(projectPath(file), copy);
		}
		for (const dependency of Object.keys(manifest.dependencies)) {
			symlinkSync(projectPath('node_modules', dependency), join(home, 'node_modules', dependency));
		}
		mkdirSync(join(home, 'node_modules/.bin'));
		for (const [name, file] of Object.entries(manifest.bin)) {
			const program = join(home, 'node_modules', manifest.name, file);
			chmodSync(program, 0o755);
			symlinkSync(program, join(home, 'node_modules/.bin', name));
		}
	}

	test('holds every target of the export map', () => {
		assert.deepEqual(
			targets.filter(([, file]) => file !== 'package.json' && !packed.includes(file)),
			[],
		);
	});

	test('has types for every entry', () => {
		const withoutTypes = Object.entries(manifest.exports).filter(
			([, target]) => typeof target === 'object' && !target.types?.endsWith('.d.ts'),
		);
		assert.deepEqual(withoutTypes, []);
	});

	test('holds the README, the licence and the changelog, and nothing that only the project needs', () => {
		for (const file of ['README.md', 'LICENSE', 'CHANGELOG.md', 'package.json']) assert.ok(packed.includes(file), file);
		assert.deepEqual(
			packed.filter((file) => /(?:^|\/)(?:test|bench|examples|node_modules|\.ci)\/|\.test\.|\.map$|tsbuildinfo/.test(file)),
			[],
		);
	});

	for (const specifier of specifiers) {
		test(`loads ${specifier} by import and by require, to the same names, in silence`, async () => {
			const imported = await runNode(['--input-type=module', '--eval', printNames(`await import('${specifier}')`)], {
				cwd: home,
			});
			const required = await runNode(['--eval', printNames(`require('${specifier}')`)], { cwd: home });
			assert.deepEqual({ ...imported, stdout: '' }, { status: 0, signal: null, stdout: '', stderr: '' });
			assert.deepEqual(required, imported);
		});
	}

	for (const [name, file] of Object.entries(manifest.bin)) {
		test(`runs ${name} through its link`, async () => {
			assert.match(readFileSync(projectPath(file), 'utf8'), /^#!\/usr\/bin\/env node\n/);
			const { status, stdout, stderr } = await run(join(home, 'node_modules/.bin', name), ['--version'], { cwd: home });
			assert.equal(stderr, '');
			assert.match(stdout, new RegExp(manifest.version.replaceAll('.', '\\.')));
			assert.equal(status, 0);
		});
	}
});
