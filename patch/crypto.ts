import { blockingForms } from './blocking-form.js';
import type { Core, Replacements } from './registry.js';

/** Callback-less calls answer as their `Sync` twins: CPU work, done on the greenlet's own thread. */
export function cryptoPatch(core: Core): Replacements {
	return blockingForms('crypto', core, core);
}
