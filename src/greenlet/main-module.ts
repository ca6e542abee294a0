import { urlOf, type Where } from './task.js';

let mainUrl: string | undefined;

/** Says which module this greenlet was started with; only in the main greenlet of a program. */
export function setMainModule(url: string): void {
	mainUrl = url;
}

/**
 * Whether this module is the program's entry, run by the main greenlet: true in exactly one greenlet under
 * `node app.js` and `tsgevent app.js`, never in a pool thread that imports the module for its tasks, never under `tsgunicorn`.
 * @param where `import.meta`, or `module` in CommonJS
 * @example
 * import { isMain } from 'tsgevent';
 * import assert from 'node:assert/strict';
 *
 * assert.equal(isMain(import.meta), true);
 */
export function isMain(where: Where): boolean {
	return mainUrl !== undefined && urlOf(where, 'isMain') === mainUrl;
}
