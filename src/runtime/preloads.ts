import type { Preload } from '../engine/threads/pool.js';

const registered = new Map<string, Preload>();

/** Has threads started from now on import a module first; how patches reach threads without this package importing them. */
export function registerPreload(url: string, data?: unknown): void {
	const preload = { url, data };
	registered.set(url, preload);
	announce?.(preload);
}

let announce: ((preload: Preload) => void) | undefined;

/** Has later registrations told to a hub that runs already. */
export function onPreload(listener: (preload: Preload) => void): void {
	announce = listener;
}

/** What threads import, in the order of registration. */
export function preloads(): Preload[] {
	return [...registered.values()];
}
