/**
 * `node --import tsgevent/register app.js`: patches everything before the program's first module, and lets its ES modules import the
 * added names from the core modules: `import { lookupSync } from 'node:dns'`. On a Node without module hooks (20) that works unless
 * another preload has imported the core module before; default import and `require` see the names in any case.
 */
import './index.js';
import nodeModule from 'node:module';
import { registry } from './registry.js';

interface Resolved {
	url: string;
	format?: string;
	shortCircuit?: boolean;
}

interface Loaded {
	format: string;
	source: string;
	shortCircuit: boolean;
}

interface Context {
	readonly conditions: readonly string[];
	readonly parentURL?: string;
}

/** `module.registerHooks`, which the types of Node 20 do not have. */
interface Hooks {
	resolve(specifier: string, context: Context, next: (specifier: string, context: Context) => Resolved): Resolved;
	load(url: string, context: unknown, next: (url: string, context: unknown) => Loaded): Loaded;
}

const SCHEME = 'tsgevent:';

/** Names that patches added, by core module. */
function addedNames(core: string): string[] {
	return [...(registry.originals.get(core) ?? [])].filter(([, original]) => original === undefined).map(([name]) => name);
}

/** Only an import of the program's own: libraries know the real names, and `require` sees every property without help. */
function wantsAdded(specifier: string, { conditions, parentURL }: Context): boolean {
	if (!conditions.includes('import') || !parentURL || parentURL.startsWith(SCHEME) || parentURL.includes('/node_modules/')) return false;
	return addedNames(specifier.replace(/^node:/, '')).length > 0;
}

const hooks: Hooks = {
	resolve(specifier, context, next) {
		if (!wantsAdded(specifier, context)) return next(specifier, context);
		return { url: SCHEME + specifier.replace(/^node:/, ''), format: 'module', shortCircuit: true };
	},
	load(url, context, next) {
		if (!url.startsWith(SCHEME)) return next(url, context);
		const core = url.slice(SCHEME.length);
		// A re-export stays live and keeps identities; only the added names are new.
		const source = `import core from 'node:${core}';
export * from 'node:${core}';
export default core;
export const { ${addedNames(core).join(', ')} } = core;`;
		return { format: 'module', source, shortCircuit: true };
	},
};

const { registerHooks } = nodeModule as { registerHooks?: (hooks: Hooks) => unknown };
registerHooks?.(hooks);
