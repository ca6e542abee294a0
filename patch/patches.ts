import { childProcessPatch } from './child-process.js';
import { cryptoPatch } from './crypto.js';
import { dnsPatch } from './dns.js';
import { fsPatch } from './fs.js';
import { httpPatch } from './http.js';
import { httpsPatch } from './https.js';
import { netPatch } from './net.js';
import { type Core, coreModule, publish, type Replacements, registry, replace } from './registry.js';
import { zlibPatch } from './zlib.js';

interface Patch {
	readonly module: string;
	readonly replacements: (core: Core) => Replacements;
}

/** Every core module that is patched, under its name among the options of `patchAll`. */
const PATCHES = {
	dns: { module: 'dns', replacements: dnsPatch },
	net: { module: 'net', replacements: netPatch },
	http: { module: 'http', replacements: httpPatch },
	https: { module: 'https', replacements: httpsPatch },
	fs: { module: 'fs', replacements: fsPatch },
	childProcess: { module: 'child_process', replacements: childProcessPatch },
	crypto: { module: 'crypto', replacements: cryptoPatch },
	zlib: { module: 'zlib', replacements: zlibPatch },
} as const satisfies Readonly<Record<string, Patch>>;

export type PatchName = keyof typeof PATCHES;

export const PATCH_NAMES = Object.keys(PATCHES) as readonly PatchName[];

/** Whether a module has been through `applyPatches` on this thread. */
export function isApplied(name: PatchName): boolean {
	return registry.applied.has(PATCHES[name].module);
}

/** Patches those of the modules that are not patched yet; returns their names. */
export function applyPatches(names: readonly PatchName[]): PatchName[] {
	const added = names.filter((name) => !isApplied(name));
	for (const name of added) {
		const { module, replacements }: Patch = PATCHES[name];
		replace(module, replacements(coreModule(module)));
		registry.applied.add(module);
	}
	if (added.length > 0) publish();
	return added;
}
