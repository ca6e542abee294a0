import { applyPatches, PATCH_NAMES, type PatchName } from './patches.js';

/**
 * Patches a thread of the pool before it imports the app, as `patchAll` did on the main thread.
 * @param modules what to patch; `undefined` for everything, as the runner asks
 */
export function preload(modules: readonly PatchName[] = PATCH_NAMES): void {
	applyPatches(modules);
}
