import { existsSync, readFileSync } from 'node:fs';
import { projectPath } from './project.js';
import { readSource, type Source } from './source.js';

/** One way into the package. */
export interface Entry {
	/** What an app imports: `tsgevent/net`. */
	readonly specifier: string;
	/** The source file behind it. */
	readonly path: string;
}

/** A name that an app can import. */
export interface PublicName {
	readonly name: string;
	readonly entry: Entry;
	/** The source file that declares it. */
	readonly path: string;
	readonly kind: 'function' | 'class' | 'const' | 'interface' | 'type' | 'namespace' | 'unknown';
	/** Its doc comment; undefined when it has none. */
	readonly comment: string | undefined;
}

interface ExportTarget {
	readonly types: string;
	readonly default?: string;
}

/** What the tests read of package.json. */
export interface Manifest {
	readonly name: string;
	readonly version: string;
	readonly dependencies: Readonly<Record<string, string>>;
	readonly bin: Readonly<Record<string, string>>;
	readonly exports: Readonly<Record<string, string | ExportTarget>>;
}

export const manifest = JSON.parse(readFileSync(projectPath('package.json'), 'utf8')) as Manifest;

/** The specifier of a key of the export map: `./net` is `tsgevent/net`. */
export function specifierOf(key: string): string {
	return manifest.name + key.slice(1);
}

/** The entries that code stands behind, in the order of the export map. */
export function entries(): Entry[] {
	return Object.entries(manifest.exports).flatMap(([key, target]) => {
		if (typeof target === 'string' || target.default === undefined) return [];
		return [{ specifier: specifierOf(key), path: target.default.replace(/^\.\/dist\//, '').replace(/\.js$/, '.ts') }];
	});
}

/** Every name of every entry whose source exists; a name of two entries comes twice. */
export function publicNames(): PublicName[] {
	return entries()
		.filter(({ path }) => existsSync(projectPath(path)))
		.flatMap((entry) => exportsOf(readSource(entry.path), entry));
}

/** The path of what is passed on from Node or a dependency. */
export const ANOTHER_PACKAGE = 'another package';

const DECLARATION =
	/^export (?:declare )?(?:default )?(?:async )?(?:abstract )?(function\*?|class|const|let|interface|type|namespace) +([\w$]+)/gm;
const LIST = /^export (?:type )?\{([^}]*)\}(?: from (['"]))?/gm;
const IMPORTS = /^import (?:type )?\{([^}]*)\}(?: from (['"]))?/gm;
const ALL = /^export \*(?: as ([\w$]+))? from (['"])/gm;

/** The names that `source` exports itself or passes on, as names of `entry`. */
export function exportsOf(source: Source, entry: Entry): PublicName[] {
	return [...declared(source, entry), ...listed(source, entry), ...starred(source, entry)];
}

function declared(source: Source, entry: Entry): PublicName[] {
	const found = [...source.code.matchAll(DECLARATION)].map((match) => {
		const [, word, name] = match as unknown as [string, string, string];
		const kind = word === 'let' ? 'const' : (word.replace('*', '') as PublicName['kind']);
		return { name, entry, path: source.path, kind, comment: commentBefore(source, match.index) };
	});
	// Overloads are one name; its comment may stand at any of them.
	return [...new Set(found.map(({ name }) => name))].map((name) => {
		const same = found.filter((one) => one.name === name);
		return same.find(({ comment }) => comment !== undefined) ?? (same[0] as PublicName);
	});
}

function listed(source: Source, entry: Entry): PublicName[] {
	return lists(source, LIST).map(({ inner, name, from }) => ({ ...declarationOf(from, inner, entry), name }));
}

/** Each name of each `{ inner as name } [from ...]` of an export or import; `from` is undefined for another package. */
function lists(source: Source, pattern: RegExp): { inner: string; name: string; from: Source | undefined }[] {
	return [...source.code.matchAll(pattern)].flatMap((match) => {
		const from = match[2] === undefined ? source : target(source, match);
		return (match[1] as string).split(',').flatMap((piece) => {
			const [, inner, name = inner] = /^\s*(?:type )?([\w$]+)(?: as ([\w$]+))?\s*$/.exec(piece) ?? [];
			return inner === undefined || name === undefined ? [] : [{ inner, name, from }];
		});
	});
}

function declarationOf(source: Source | undefined, name: string, entry: Entry): PublicName {
	const unknown: PublicName = { name, entry, path: source?.path ?? ANOTHER_PACKAGE, kind: 'unknown', comment: undefined };
	if (source === undefined) return unknown;
	const byDefault = name === 'default' ? /^export default (\w+);/m.exec(source.code)?.[1] : undefined;
	if (byDefault !== undefined) return { ...declarationOf(source, byDefault, entry), name };
	const exported = declared(source, entry).find((one) => one.name === name);
	if (exported) return exported;
	const inner = new RegExp(`^(?:async |abstract )*(function|class|const|interface|type) +${name}\\b`, 'm').exec(source.code);
	if (inner) return { ...unknown, kind: inner[1] as PublicName['kind'], comment: commentBefore(source, inner.index) };
	const passedOn = [...lists(source, LIST), ...lists(source, IMPORTS)].find((one) => one.name === name && one.from !== source);
	if (passedOn) return declarationOf(passedOn.from, passedOn.inner, entry);
	return starred(source, entry).find((one) => one.name === name) ?? unknown;
}

function starred(source: Source, entry: Entry): PublicName[] {
	return [...source.code.matchAll(ALL)].flatMap((match) => {
		const from = target(source, match);
		if (match[1] === undefined) return from ? exportsOf(from, entry) : [];
		return [{ name: match[1], entry, path: source.path, kind: 'namespace' as const, comment: commentBefore(source, match.index) }];
	});
}

/** The source file that an `export ... from` names; undefined when it is of another package. */
function target(source: Source, match: RegExpExecArray): Source | undefined {
	const start = match.index + match[0].length;
	const specifier = source.uncommented.slice(start, source.uncommented.indexOf(match.at(-1) as string, start));
	const path = source.imports.find((imported) => imported.specifier === specifier)?.target;
	return path === undefined ? undefined : readSource(path);
}

function commentBefore(source: Source, at: number): string | undefined {
	const before = source.text.slice(0, at).trimEnd();
	if (!before.endsWith('*/')) return undefined;
	const comment = before.slice(before.lastIndexOf('/*'));
	return comment.startsWith('/**') ? comment : undefined;
}
