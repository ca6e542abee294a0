import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { registry } from './registry.js';

/** A CommonJS module that took functions out of a core module before they were patched. */
export interface LateCapture {
	readonly file: string;
	/** What it took: `fs.readFile`. */
	readonly names: readonly string[];
}

const OWN = fileURLToPath(new URL('../', import.meta.url));
/** `const { readFile, stat: s } = require('fs')` and `const readFile = require('fs').readFile`. */
const DESTRUCTURED = /\{([^{}]*)\}\s*=\s*require\(\s*['"](?:node:)?([\w/]+)['"]\s*\)/g;
const MEMBER = /require\(\s*['"](?:node:)?([\w/]+)['"]\s*\)\.(\w+)/g;
const PATCHING = /require\(\s*['"]tsgevent\/(?:patch|monkey)['"]\s*\)/;

/**
 * Looks through the CommonJS modules loaded so far. ES modules need no look: their imports are live. A cheap reading of the
 * sources, meant for a warning: a name taken in some other way is not found, and one that was taken may never be misused.
 */
export function findLateCaptures(): LateCapture[] {
	const { cache } = createRequire(import.meta.url);
	return Object.values(cache).flatMap((module) => {
		if (!module?.filename.endsWith('js') || module.filename.startsWith(OWN)) return [];
		const names = new Set([...inSource(sourceBeforePatch(module)), ...inExports(module)]);
		return names.size > 0 ? [{ file: module.filename, names: [...names].sort() }] : [];
	});
}

function sourceBeforePatch(module: NodeJS.Module): string {
	let source: string;
	try {
		source = readFileSync(module.filename, 'utf8');
	} catch {
		// The file may be gone, or never have been one: then there is nothing to read, and a warning is all that is lost.
		return '';
	}
	// One that is being loaded has run as far as its own call for the patch; without such a call, nobody can say how far.
	return module.loaded ? source : source.slice(0, Math.max(0, source.search(PATCHING)));
}

function* inSource(source: string): Generator<string> {
	const { originals } = registry;
	for (const [, list = '', module = ''] of source.matchAll(DESTRUCTURED)) {
		for (const entry of list.split(',')) {
			const name = entry.split(/[:=]/, 1)[0]?.trim() ?? '';
			if (originals.get(module)?.get(name) !== undefined) yield `${module}.${name}`;
		}
	}
	for (const [, module = '', name = ''] of source.matchAll(MEMBER)) {
		if (originals.get(module)?.get(name) !== undefined) yield `${module}.${name}`;
	}
}

/** Exports that are the originals themselves, as wrappers of `fs` re-export them. */
function* inExports(module: NodeJS.Module): Generator<string> {
	const exported: unknown = module.exports;
	if (typeof exported !== 'object' || exported === null) return;
	const values = new Set<unknown>(
		Object.values(Object.getOwnPropertyDescriptors(exported))
			.map(({ value }) => value as unknown)
			.filter((value) => typeof value === 'function'),
	);
	if (values.size === 0) return;
	for (const [core, originals] of registry.originals) {
		for (const [name, original] of originals) if (values.has(original)) yield `${core}.${name}`;
	}
}
