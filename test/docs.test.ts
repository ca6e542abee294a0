/**
 * Every `@example` of a doc comment, and every JavaScript or TypeScript block of the README, is a program that is run by
 * plain Node in a process of its own, as an app's entry module would be; one fenced as "ts" is type-checked before. In it
 * - public names that it uses without importing them, those of its own source file, and `assert`, are imported for it (not in
 *   the README, whose blocks are complete);
 * - port 8080 is an HTTP server that answers JSON (`method`, `url`, `headers`, `body`), and port 7007 echoes over TCP;
 * - the working folder holds a `package.json`, and may be written to;
 * - a block fenced as "ts no-run" followed by a reason is left alone; one fenced as "js file=examples/a.js" must
 *   stand in that file, letter for letter, and is not run here.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo, Server } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { type DocExample, examplesIn, examplesInMarkdown, unexplained } from './support/doc-examples.js';
import { echoPeer, jsonPeer } from './support/doc-peers.js';
import { runNode } from './support/node-process.js';
import { filesBelow, projectPath } from './support/project.js';
import { ANOTHER_PACKAGE, exportsOf, publicNames } from './support/public-api.js';
import { readSource, takeApart } from './support/source.js';

const FOLDER = 'dist/test/doc-examples';

const api = publicNames();
const documented = [
	...['src', 'patch', 'workers'].flatMap((folder) => filesBelow(folder, '.ts')).flatMap((path) => examplesIn(readSource(path))),
	...examplesInMarkdown('README.md'),
];
const run = documented.filter(({ noRun, quotes }) => noRun === undefined && quotes === undefined);
const fileOf = ({ place, language }: DocExample): string => `${place.replace(/\W+/g, '-')}.${language}`;

test('every example that is not run says why', () => {
	assert.deepEqual(unexplained(documented), []);
});

test('every quoted file holds what is quoted', () => {
	for (const { quotes, code, place } of documented) {
		if (quotes !== undefined) assert.ok(readFileSync(projectPath(quotes), 'utf8').includes(code), `${place} differs from ${quotes}`);
	}
});

test('everything public has a doc comment', () => {
	assert.deepEqual(
		lacking(({ comment, path }) => comment !== undefined || path === ANOTHER_PACKAGE),
		[],
	);
});

test('every public function and class has an example, but for errors: those are met, not made', () => {
	assert.deepEqual(
		lacking(
			({ name, kind, comment }) =>
				(kind !== 'function' && kind !== 'class') || /(?:Error|Exit)$/.test(name) || comment === undefined || comment.includes('@example'),
		),
		[],
	);
});

describe(`${run.length} examples of ${documented.length}`, { concurrency: 2 }, () => {
	let checked = { status: null as number | null, stdout: '' };
	let peers: Server[] = [];

	before(async () => {
		rmSync(projectPath(FOLDER), { recursive: true, force: true });
		for (const folder of ['in', 'out', 'cwd']) mkdirSync(projectPath(FOLDER, folder), { recursive: true });
		copyFileSync(projectPath('package.json'), projectPath(FOLDER, 'cwd/package.json'));
		peers = [jsonPeer(), echoPeer()];
		for (const peer of peers) if (!peer.listening) await once(peer, 'listening');
		const [http, echo] = peers.map((peer) => String((peer.address() as AddressInfo).port)) as [string, string];
		for (const example of run) {
			const code = withImports(example)
				.replaceAll(/\b8080\b/g, http)
				.replaceAll(/\b7007\b/g, echo);
			writeFileSync(projectPath(FOLDER, example.language === 'ts' ? 'in' : 'out', fileOf(example)), code);
		}
		writeFileSync(projectPath(FOLDER, 'tsconfig.json'), JSON.stringify(TSCONFIG));
		checked = await runNode(['node_modules/typescript/bin/tsc', '-p', FOLDER]);
	});

	after(() => {
		for (const peer of peers) peer.close();
	});

	test('pass the type check', () => {
		assert.equal(checked.status, 0, checked.stdout);
	});

	for (const example of run) {
		test(example.place, async () => {
			const file = projectPath(FOLDER, 'out', fileOf(example).replace(/\.ts$/, '.js'));
			const { status, signal, stdout, stderr } = await runNode([file], { cwd: projectPath(FOLDER, 'cwd') });
			assert.deepEqual({ status, signal }, { status: 0, signal: null }, `${stdout}${stderr}`);
		});
	}
});

const TSCONFIG = {
	extends: '../../../tsconfig.base.json',
	compilerOptions: {
		composite: false,
		declaration: false,
		sourceMap: false,
		rootDir: 'in',
		outDir: 'out',
	},
	include: ['in'],
};

/** `tsgevent/net: connectSync` for every public name of which `holds` is not true. */
function lacking(holds: (name: (typeof api)[number]) => boolean): string[] {
	return api.filter((name) => !holds(name)).map(({ name, entry, path }) => `${entry.specifier}: ${name} (${path})`);
}

/** The example's code, with an import for each public name that it uses and does not declare. */
function withImports(example: DocExample): string {
	if (example.language === 'cjs' || example.place.startsWith('README')) return example.code;
	const { code } = takeApart(example.place, example.code);
	const free = (name: string): boolean =>
		new RegExp(`(?<![\\w$.])${name}\\b(?!\\s*:)`).test(code) &&
		!new RegExp(`(?:\\b(?:function|class|const|let|interface|type)\\s+${name}\\b)|import[^;]*\\b${name}\\b[^;]*from`).test(code);
	const path = example.place.replace(/:\d+$/, '');
	const own = path.endsWith('.ts') ? exportsOf(readSource(path), { specifier: `../../../${path.replace(/\.ts$/, '.js')}`, path }) : [];
	const wanted = new Map<string, string>();
	// What is public of its own file goes first: `Socket` of an example in src/io/net-socket.ts is that of tsgevent/net.
	for (const { name, entry, kind } of [...api.filter((one) => one.path === path), ...own, ...api]) {
		const word = kind === 'interface' || kind === 'type' ? 'import type' : 'import';
		if (name !== 'default' && !wanted.has(name) && free(name)) wanted.set(name, `${word} { ${name} } from '${entry.specifier}';\n`);
	}
	if (free('assert')) wanted.set('assert', "import assert from 'node:assert/strict';\n");
	return `${[...wanted.values()].join('')}${example.code}\nexport {};\n`;
}
