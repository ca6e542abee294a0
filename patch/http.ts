import { lazyView } from './lazy-view.js';
import type { Replacements } from './registry.js';

/** `http.get` and `http.request` are legal without a callback and stay; the blocking twins are added. */
export function httpPatch(): Replacements {
	return lazyView('../src/io/http.js', ['requestSync', 'getSync', 'fetchSync']);
}
