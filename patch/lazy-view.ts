import { createRequire } from 'node:module';
import type { Callable } from './blocking-form.js';

const require = createRequire(import.meta.url);

/**
 * Functions of a view that is loaded when the first of them is called: every greenlet thread is patched, and one that never makes
 * such a call is spared the memory.
 * @param path the module, from this folder
 */
export function lazyView<Name extends string>(path: string, names: readonly Name[]): Record<Name, Callable> {
	const lazy = (name: Name): Callable => {
		// A computed key gives the function its name.
		const { [name]: called } = { [name]: (...args: never[]) => (require(path) as Record<Name, Callable>)[name](...args) };
		return called as Callable;
	};
	return Object.fromEntries(names.map((name) => [name, lazy(name)])) as Record<Name, Callable>;
}
