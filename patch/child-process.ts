import { runningEngine } from '../src/engine/engine.js';
import { type Callable, inPlaceOf } from './blocking-form.js';
import { lazyView } from './lazy-view.js';
import type { Core, Replacements } from './registry.js';

/**
 * In a greenlet the hub runs the child, so that `kill` and `Timeout` can end the wait: nothing ends a thread inside the native call.
 * Elsewhere, and in a main program that has no other greenlet yet, the original does the same without a hub.
 */
function throughHub(original: Callable, blocking: Callable): Callable {
	return inPlaceOf(original, (self, args) => (runningEngine()?.canPark() ? blocking(...args) : Reflect.apply(original, self, args)));
}

/** The calls that wait for a child are replaced; those that start one and return are not. */
export function childProcessPatch(core: Core): Replacements {
	const blocking = lazyView('../src/io/child-process.js', ['execSync', 'execFileSync', 'spawnSync']);
	return Object.fromEntries(Object.entries(blocking).map(([name, form]) => [name, throughHub(core[name] as Callable, form)]));
}
