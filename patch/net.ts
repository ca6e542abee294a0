import { connectSync } from '../src/io/net.js';
import type { Replacements } from './registry.js';

/** `net.connect` is legal without a callback and stays; the blocking twin is added. */
export function netPatch(): Replacements {
	return { connectSync };
}
