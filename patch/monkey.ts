import '../src/runtime/script.js';
import { configure } from '../src/runtime/options.js';
import { registerPreload } from '../src/runtime/preloads.js';
import { findLateCaptures } from './late-capture.js';
import { applyPatches, isApplied, PATCH_NAMES, type PatchName } from './patches.js';

export { getOriginal, isModulePatched, patchModule, type Replacements } from './registry.js';

/** Which core modules to patch: each is true unless it says false. */
export interface PatchOptions extends Readonly<Partial<Record<PatchName, boolean>>> {
	/**
	 * Lets blocking calls in callbacks of the main thread's own loop block that loop instead of throwing `BlockingHubError`.
	 * Default: as configured, false at first.
	 */
	readonly allowMainCallbacks?: boolean;
}

/** Patches the threads of the pool. */
const PRELOAD = new URL('./preload.js', import.meta.url).href;
/** How many modules the warning lists before it counts the rest. */
const LISTED = 10;

/**
 * Makes code written in plain blocking style block its greenlet alone. `import 'tsgevent/patch'` calls it with the defaults; call it
 * from `tsgevent/monkey` instead to choose. What it does:
 * - core functions that throw for a missing callback block and return, as their `Sync` twins: `dns.lookup('localhost')`,
 *   `fs.readFile(path)`; with a callback, and with `undefined` in its place, they are what they were;
 * - the blocking twins become properties of the core modules: `dns.lookupSync`, `net.connectSync`, `http.requestSync`, ...;
 * - `execSync`, `execFileSync` and `spawnSync` in a greenlet go through the hub, so that `kill` and `Timeout` reach them.
 *
 * It does not switch. Call it once on the main thread, before other modules load: the pool's threads are patched alike when they start.
 * Repeated calls only add. On the hub and in an app's own `Worker` calls with a callback fall through to the originals; without one
 * they throw `ERR_BLOCKING_HUB` and `ERR_WRONG_THREAD`.
 * @param options modules to leave out, as `{ fs: false }`; `undefined` patches all
 * @throws TypeError for an option it does not know
 * @example
 * ```ts
 * patchAll({ crypto: false, zlib: false });
 * ```
 */
export function patchAll(options: PatchOptions = {}): void {
	const { allowMainCallbacks, ...modules } = options;
	const unknown = Object.keys(modules).find((name) => !PATCH_NAMES.includes(name as PatchName));
	if (unknown !== undefined) throw new TypeError(`Cannot patch '${unknown}': the modules to choose from are ${PATCH_NAMES.join(', ')}`);
	if (allowMainCallbacks !== undefined) configure({ allowMainCallbacks });
	const added = applyPatches(PATCH_NAMES.filter((name) => modules[name] ?? true));
	if (added.length === 0) return;
	registerPreload(PRELOAD, PATCH_NAMES.filter(isApplied));
	warnOfLateCaptures();
}

function warnOfLateCaptures(): void {
	const late = findLateCaptures();
	if (late.length === 0) return;
	const lines = late.slice(0, LISTED).map(({ file, names }) => `  ${file}: ${names.join(', ')}`);
	if (late.length > LISTED) lines.push(`  and ${late.length - LISTED} more`);
	process.emitWarning(
		`These modules took functions out of Node's modules before they were patched, and keep the originals:\n${lines.join('\n')}\n` +
			"Make require('tsgevent/patch') the program's first line",
		{ type: 'TsgeventWarning', code: 'TSGEVENT_LATE_PATCH' },
	);
}
