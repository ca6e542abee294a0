import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import { describe, test } from 'node:test';
import { filesBelow, projectPath } from './support/project.js';
import { type Import, readSource, type Source } from './support/source.js';

/** What each part of `src` may import besides itself. The parts of a row may not import one another. */
const ROWS: readonly (readonly string[])[] = [
	['errors', 'clock'],
	['engine'],
	['hub', 'greenlet'],
	['sync'],
	['io'],
	['runtime'],
	['entry'],
	['server'],
];

/** Files that may name `Atomics`, each with its reason. */
const MAY_USE_ATOMICS: Readonly<Record<string, string>> = {
	'src/engine/threads/wire.ts': 'how threads ask the hub through shared memory',
	'src/engine/threads/lane.ts': 'how the hub gives threads greenlets through shared memory',
};

/** Files longer than 400 lines, each with its reason. */
const MAY_BE_LONG: Readonly<Record<string, string>> = {};

/** Node's modules that do I/O: services bring them, the hub itself knows none. */
const IO_MODULE = /^(?:node:)?(?:net|dns|fs|http|https|http2|tls|dgram|child_process|readline)(?:\/|$)/;

const LONGEST_FILE = 400;
const MAX_DEPTH = 2;

const shipped = ['src', 'patch', 'workers']
	.filter((folder) => existsSync(projectPath(folder)))
	.flatMap((folder) => filesBelow(folder, '.ts'));
const proving = ['test', 'bench'].filter((folder) => existsSync(projectPath(folder))).flatMap((folder) => filesBelow(folder, '.ts'));
const sources = shipped.map(readSource);
const everything = [...sources, ...proving.map(readSource)];

/** `src/io/net.ts` belongs to `io`, `src/errors.ts` to `errors`, `patch/net.ts` to `patch`. */
function partOf(path: string): string {
	const [top, second] = path.split('/') as [string, string];
	return top === 'src' ? basename(second, '.ts') : top;
}

/** Why one part must not import another; undefined when it may. */
function wrongArrow(from: string, to: string): string | undefined {
	if (from === to) return undefined;
	if (to === 'patch') return 'patch is loaded by URL';
	if (to === 'workers') return 'a worker class is loaded by name';
	if (to === 'testing') return 'testing is for tests';
	if (to === 'index' && from !== 'patch') return 'src/index.ts is for the outside';
	if (['index', 'patch', 'testing', 'workers'].includes(from)) return undefined;
	const [fromRow, toRow] = [from, to].map((part) => ROWS.findIndex((row) => row.includes(part))) as [number, number];
	if (fromRow < 0) return `${from} has no place in the order of parts`;
	if (toRow < 0) return `${to} has no place in the order of parts`;
	return toRow < fromRow ? undefined : `${from} stands ${toRow === fromRow ? 'beside' : 'below'} ${to}`;
}

function targetsOf(source: Source): string[] {
	return source.imports.flatMap(({ target }) => (target === undefined ? [] : [target]));
}

/** Every file that `roots` reach inside `folder`, the roots too. */
function reach(roots: readonly string[], folder: string): Set<string> {
	const seen = new Set<string>();
	const visit = (path: string): void => {
		if (seen.has(path) || !path.startsWith(folder)) return;
		seen.add(path);
		for (const target of targetsOf(byPath.get(path) ?? readSource(path))) visit(target);
	};
	for (const root of roots) visit(root);
	return seen;
}

const byPath = new Map(everything.map((source) => [source.path, source]));

/** `path:line` of every match of `pattern`. */
function places(files: readonly Source[], pattern: RegExp, of: (source: Source) => string = ({ code }) => code): string[] {
	return files.flatMap((source) =>
		[...of(source).matchAll(pattern)].map(({ index, 0: found }) => {
			const at = index + (found.length - found.trimStart().length);
			return `${source.path}:${of(source).slice(0, at).split('\n').length}: ${found.trim()}`;
		}),
	);
}

function importing(files: readonly Source[], wrong: (source: Source, imported: Import) => string | boolean | undefined): string[] {
	return files.flatMap((source) =>
		source.imports.flatMap((imported) => {
			const why = wrong(source, imported);
			return why ? [`${source.path} imports ${imported.specifier}${why === true ? '' : `: ${why}`}`] : [];
		}),
	);
}

function assertNone(violations: readonly string[]): void {
	assert.deepEqual(violations, []);
}

describe('imports', () => {
	test('resolve to a source file', () => {
		assertNone(
			importing(everything, (_, { target }) => target !== undefined && !target.endsWith('.d.ts') && !existsSync(projectPath(target))),
		);
	});

	test('follow the arrows between the parts', () => {
		assertNone(
			importing(sources, (source, { target }) => (target === undefined ? undefined : wrongArrow(partOf(source.path), partOf(target)))),
		);
	});

	test('form no cycle', () => {
		assertNone(cycles());
	});

	test('of the hub name no I/O module of Node', () => {
		const hub = sources.filter(({ path }) => partOf(path) === 'hub');
		assertNone(importing(hub, (_, { specifier }) => IO_MODULE.test(specifier)));
	});

	test('in io let the views and the services meet only in messages', () => {
		const io = sources.filter(({ path }) => partOf(path) === 'io').map(({ path }) => path);
		const services = io.filter((path) => path.endsWith('-service.ts'));
		const served = reach(services, 'src/io/');
		const views = io.filter((path) => !served.has(path) || existsSync(projectPath(path.replace(/\.ts$/, '-service.ts'))));
		const viewed = reach(views, 'src/io/');
		assertNone([...viewed].filter((path) => served.has(path) && !path.endsWith('-messages.ts')));
		const hubSide = importing(
			[...viewed].map((path) => byPath.get(path) as Source),
			(_, { target }) => target !== undefined && partOf(target) === 'hub' && 'a view runs in a greenlet',
		);
		const greenletSide = importing(
			[...served].map((path) => byPath.get(path) as Source),
			(_, { target }) => target !== undefined && ['greenlet', 'sync'].includes(partOf(target)) && 'a service runs on the hub',
		);
		assertNone([...hubSide, ...greenletSide]);
	});

	test('of undici and comlink are made on the first use only, by the hub', () => {
		const lazy = /^(?:undici|comlink)(?:\/|$)/;
		assertNone(importing(sources, (_, { specifier, typeOnly, dynamic }) => lazy.test(specifier) && !typeOnly && !dynamic));
	});
});

describe('files', () => {
	test('name Atomics in the wire and the lane alone', () => {
		assertNone(places(sources, /\bAtomics\b/g).filter((place) => !((place.split(':')[0] as string) in MAY_USE_ATOMICS)));
	});

	test('stand at most two folders below src', () => {
		assertNone(shipped.filter((path) => path.split('/').length - (path.startsWith('src/') ? 2 : 1) > MAX_DEPTH));
	});

	test('are at most 400 lines long', () => {
		const long = everything.filter(({ path, text }) => text.split('\n').length - 1 > LONGEST_FILE && !(path in MAY_BE_LONG));
		assertNone(long.map(({ path, text }) => `${path}: ${text.split('\n').length - 1} lines`));
	});

	test('are named in kebab case, for what they hold', () => {
		const vague = /^(?:utils?|helpers?|common|types|misc|shared)$/;
		const name = (path: string): string => basename(path).replace(/(?:\.d|\.test)?\.ts$/, '');
		assertNone([...shipped, ...proving].filter((path) => vague.test(name(path)) || !/^[a-z0-9]+(?:-[a-z0-9]+)*$/.test(name(path))));
	});
});

describe('code', () => {
	test('has no any', () => {
		assertNone(places(everything, /(?:[:|&<,(]|\bas|=>)\s*any\b(?!\s*[(:.?'])/g));
	});

	test('has no catch that says nothing', () => {
		assertNone(places(everything, /\bcatch\s*(?:\([^)]*\)\s*)?\{\s*\}/g, ({ text }) => text));
	});

	test('swallows no rejection in silence', () => {
		assertNone(places(everything, /\.catch\(\s*(?:\(\s*\w*\s*\)|\w+)\s*=>\s*\{\s*\}\s*\)/g, ({ text }) => text));
	});

	test('has no left-over note', () => {
		assertNone(
			places(everything, /\b(?:TODO|FIXME|XXX|HACK)\b/g, ({ text }) => text).filter((place) => !place.startsWith('test/architecture')),
		);
	});

	test('names no path of a machine it was written on', () => {
		assertNone(places(everything, /(?<![\w.])\/(?:home|root|Users|work)\/\w+/g, ({ text }) => text));
	});
});

/** Each import cycle once, as `a -> b -> a`. */
function cycles(): string[] {
	const done = new Set<string>();
	const found: string[] = [];
	const visit = (path: string, trail: readonly string[]): void => {
		const start = trail.indexOf(path);
		if (start >= 0) found.push([...trail.slice(start), path].join(' -> '));
		if (start >= 0 || done.has(path)) return;
		for (const target of targetsOf(byPath.get(path) as Source)) if (byPath.has(target)) visit(target, [...trail, path]);
		done.add(path);
	};
	for (const { path } of sources) visit(path, []);
	return found;
}
