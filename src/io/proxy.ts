import { createRequire, isBuiltin } from 'node:module';
import { pathToFileURL } from 'node:url';
import { urlOf, type Where } from '../greenlet/task.js';
import { argumentError, shown } from './argument-error.js';
import { Remote } from './proxy-remote.js';
import type { SyncModule } from './proxy-types.js';

export { releaseProxy } from './proxy-traps.js';
export type { Sync, SyncModule, SyncObject } from './proxy-types.js';

/**
 * An async library for blocking code: `specifier` is imported once, by the hub, where its sockets, timers and promises live, and
 * what is returned is a proxy of its exports on which everything blocks. A call parks the greenlet until the promise it gives has
 * settled, other greenlets go on, and all of them use the same module. Carried by Comlink; some ten to thirty microseconds a call.
 *
 * - Data is cloned, as for `spawn`; what has methods or getters becomes a proxy, and so do functions. A method call is one question
 *   to the hub, and so is each read of a property. Whatever is thenable is waited for.
 * - Functions that are given as arguments, alone or inside plain objects, are called in this greenlet, while it is parked in a call of
 *   a proxy; they may block. The library gets a promise of what they return.
 * - What has an iterator, async or not, can be iterated by `for ... of`.
 * - Objects belong to the greenlet that got them, and to those they are sent to: the hub lets go of them when the greenlet has
 *   ended, or earlier by `using`, `releaseProxy`, or when they are found to be garbage, which Node notices in its event loop only.
 *   `using` first disposes of what is disposable. What is reached from the module by name is held by nobody and lives on.
 * - An error comes as it would from `spawn`, with the stack of the hub above that of the caller. What the library throws outside of
 *   a call, such as an `error` event without a listener, ends the process, as it would in any other; and while it computes, the hub stands still.
 * - What an app's module makes while a thread of `tsgunicorn` loads it lives as long as the worker; functions are called there in the
 *   call they were given to, and not later.
 * - An export that is named where nothing can block is found out by its use: called, constructed, read from, sent, or written into a text.
 *
 * May be called anywhere, also where nothing can block: the hub is not asked before something is used.
 * @param where `import.meta`, or `module` in CommonJS
 * @param specifier the name of a package as seen from there, a relative path, or a URL
 * @throws TypeError `ERR_INVALID_ARG_TYPE` for a specifier that is no string; what Node throws when it cannot be resolved
 * @throws (when used) what the module or the library throws; NotSpawnableError `ERR_NOT_SPAWNABLE` for a value that cannot be sent, with its path
 * @throws (when used) BlockingHubError `ERR_BLOCKING_HUB` on the hub, WrongThreadError `ERR_WRONG_THREAD` in a `Worker` of the app's own
 * @throws (when used) ClosedError `ERR_CLOSED` for an object that was released
 * @example
 * ```ts
 * import { wrapSync } from 'tsgevent/comlink';
 * import assert from 'node:assert/strict';
 *
 * const { open } = wrapSync<typeof import('node:fs/promises')>(import.meta, 'node:fs/promises');
 *
 * using file = open('package.json');
 * assert.ok(file.stat().isFile());
 * assert.match(file.readFile('utf8') as string, /"name"/);
 * ```
 * @example
 * ```js no-run needs a database
 * import { wrapSync } from 'tsgevent/comlink';
 *
 * const { Pool } = wrapSync(import.meta, 'pg');
 * const pool = new Pool();
 * console.log(pool.query('select now()').rows);
 * ```
 */
export function wrapSync<T extends object>(where: Where, specifier: string): SyncModule<T> {
	return new Remote(resolve(where, specifier), [], undefined).proxy as SyncModule<T>;
}

function resolve(where: Where, specifier: string): string {
	const base = urlOf(where, 'wrapSync');
	if (typeof specifier !== 'string')
		throw argumentError('ERR_INVALID_ARG_TYPE', `Cannot call wrapSync(): the specifier must be a string, got ${shown(specifier)}`);
	if (/^\.{0,2}\//.test(specifier)) return new URL(specifier, base).href;
	if (isBuiltin(specifier)) return specifier.startsWith('node:') ? specifier : `node:${specifier}`;
	if (URL.canParse(specifier)) return specifier;
	const { resolve: ofModule } = where as { resolve?: (specifier: string) => string };
	// What `import` finds from there; CommonJS has no more than `require`.
	return ofModule ? ofModule(specifier) : pathToFileURL(createRequire(base).resolve(specifier)).href;
}
