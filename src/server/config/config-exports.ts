import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { type Exports, importModule } from '../worker/load-module.js';

/** Names that the loader itself gives to what a module holds. */
const LOADERS_NAMES: ReadonlySet<string> = new Set(['default', 'module.exports', '__esModule']);

/**
 * Loads a config file on the current thread: its named exports together with the properties of its default export, or a JSON object.
 * Names that begin with `_` are the file's own and left out.
 * @throws whatever the file throws, and TypeError for one that holds no object
 */
export async function loadConfigExports(path: string): Promise<Exports> {
	const exported: Exports = path.endsWith('.json')
		? { default: JSON.parse(readFileSync(path, 'utf8')) }
		: await importModule(pathToFileURL(path));
	const entries = [...Object.entries(exported), ...Object.entries(defaultOf(exported))];
	return Object.fromEntries(entries.filter(([name]) => !LOADERS_NAMES.has(name) && !name.startsWith('_')));
}

function defaultOf(exported: Exports): object {
	let whole = exported.default ?? {};
	// Compiled from an ES module to a CommonJS one.
	if (typeof whole === 'object' && '__esModule' in whole) whole = ('default' in whole && whole.default) || whole;
	if (typeof whole !== 'object' || Array.isArray(whole)) throw new TypeError('an object with the settings is needed as its default export');
	return whole;
}
