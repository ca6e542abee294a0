import { syncBuiltinESMExports } from 'node:module';

/** The exports object of a core module: what `require` and the default import give, and what a patch writes to. */
export type Core = Record<string, unknown>;

/** New values by name; a name the core module does not have yet is added to it. */
export type Replacements = Readonly<Record<string, unknown>>;

interface Registry {
	/** First values seen, by module and name; undefined for a name that was added. */
	readonly originals: Map<string, Map<string, unknown>>;
	/** Modules that `patchAll` has been through. */
	readonly applied: Set<string>;
}

// Two installed copies of this package must not wrap one another: the registry hangs on a registered symbol, one per thread.
const KEY = Symbol.for('tsgevent.patch');
const scope = globalThis as { [KEY]?: Registry };
scope[KEY] ??= { originals: new Map(), applied: new Set() };
/** What has been patched on this thread. */
export const registry: Registry = scope[KEY];

const bare = (name: string): string => name.replace(/^node:/, '');

/**
 * The exports object of a core module.
 * @throws TypeError when `name` is not one of Node's modules
 */
export function coreModule(name: string): Core {
	// Some modules exist with their prefix only, as `node:test` does.
	const core = process.getBuiltinModule(name) ?? process.getBuiltinModule(`node:${name}`);
	if (!core) throw new TypeError(`Cannot patch '${name}': it is not one of Node's own modules; assign to the exports of others directly`);
	return core as Core;
}

/** Writes the replacements without telling ES modules; `publish` does that once for all. */
export function replace(name: string, replacements: Replacements): void {
	const core = coreModule(name);
	for (const key of Object.keys(replacements)) refuseReadOnly(core, name, key);
	const originals = registry.originals.get(bare(name)) ?? new Map<string, unknown>();
	registry.originals.set(bare(name), originals);
	for (const [key, value] of Object.entries(replacements)) {
		if (!originals.has(key)) originals.set(key, core[key]);
		core[key] = value;
	}
}

/** As `replace`, where Node itself has written new originals over what was replaced. */
export function renew(name: string, replacements: Replacements): void {
	for (const key of Object.keys(replacements)) registry.originals.get(bare(name))?.delete(key);
	replace(name, replacements);
}

/** Lets named imports of core modules see what was replaced, those linked before included. */
export function publish(): void {
	syncBuiltinESMExports();
}

/**
 * Replaces exports of a core module and keeps the originals for `getOriginal`, as gevent's `patch_module`. Holds for
 * `require`, default, namespace and named imports, also those made earlier; not for `const { name } = require(...)` made
 * earlier. Works on any thread, for that thread alone: threads of the pool get what `patchAll` does, nothing else.
 * @param name a core module, with or without `node:`
 * @param replacements new values by name; a name the module does not have is added (never as a named import)
 * @throws TypeError when the module is not Node's own or the export is read-only
 * @example
 * ```ts
 * patchModule('os', { hostname: () => 'test' });
 * getOriginal('os', 'hostname'); // Node's own
 * ```
 */
export function patchModule(name: string, replacements: Replacements): void {
	replace(name, replacements);
	publish();
}

/**
 * Whether anything in a core module has been replaced or added on this thread.
 * @param name a core module, with or without `node:`
 * @example
 * ```ts
 * if (!isModulePatched('dns')) console.warn('Blocking calls of dns will throw');
 * ```
 */
export function isModulePatched(name: string): boolean {
	return registry.originals.has(bare(name));
}

/**
 * What a core module exported before it was patched; the present value for an export that was not patched, and undefined
 * for a name that a patch added.
 * @param name a core module, with or without `node:`
 * @param item one name, or several for an array of values in their order
 * @throws TypeError when the module is not Node's own
 * @example
 * ```ts
 * const lookup = getOriginal('dns', 'lookup') as typeof import('node:dns').lookup;
 * const [readFile, stat] = getOriginal('fs', ['readFile', 'stat']);
 * ```
 */
export function getOriginal(name: string, item: string): unknown;
export function getOriginal(name: string, item: readonly string[]): unknown[];
export function getOriginal(name: string, item: string | readonly string[]): unknown {
	if (typeof item !== 'string') return item.map((each) => getOriginal(name, each));
	const core = coreModule(name);
	const originals = registry.originals.get(bare(name));
	return originals?.has(item) ? originals.get(item) : core[item];
}

function refuseReadOnly(core: Core, name: string, key: string): void {
	const descriptor = Object.getOwnPropertyDescriptor(core, key);
	if (descriptor && !descriptor.writable)
		throw new TypeError(`Cannot patch ${name}.${key}: it is read-only; patch the members of its value`);
}
