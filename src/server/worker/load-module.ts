import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { locateSyntaxError } from './error-place.js';

/** A module's exports by their names. */
export type Exports = Record<string, unknown>;

/** Failures of Node's own loader that another one may not share, because they are about TypeScript. */
const TYPESCRIPT_FAILURES: ReadonlySet<unknown> = new Set([
	// This Node strips no types.
	'ERR_UNKNOWN_FILE_EXTENSION',
	// An enum, a namespace: more than stripping can do.
	'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX',
	'ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING',
]);

/** Failures of a TypeScript module that imports `./other.js` or `./other` and means `./other.ts`. */
const RESOLUTION_FAILURES: ReadonlySet<unknown> = new Set(['ERR_MODULE_NOT_FOUND', 'ERR_UNSUPPORTED_DIR_IMPORT']);

/**
 * Imports a module on the current thread, a TypeScript one too: by Node's own loader where it can, by jiti where it cannot.
 * @param url a `file:` URL
 * @throws whatever the module throws, or what is wrong with its syntax, the place then standing in the first line of the stack
 */
export async function importModule(url: URL): Promise<Exports> {
	try {
		return await importByAny(url);
	} catch (error) {
		if (error instanceof SyntaxError) await locateSyntaxError(error, fileURLToPath(url));
		throw error;
	}
}

async function importByAny(url: URL): Promise<Exports> {
	const typescript = /\.[cm]?ts$/.test(url.pathname);
	try {
		return await import(url.href);
	} catch (error) {
		const code = codeOf(error);
		if (!TYPESCRIPT_FAILURES.has(code) && !(typescript && RESOLUTION_FAILURES.has(code))) throw error;
		return await importByJiti(url, error);
	}
}

/**
 * Where jiti keeps what it has made, so that not every thread of every worker does it again. Not its own choice, a folder below /tmp: others
 * could put code there. Where this one cannot be written nothing is kept; a home that does not exist is left so.
 */
const CACHE = existsSync(homedir()) && join(homedir(), '.cache', 'tsgevent');

async function importByJiti(url: URL, nodesError: unknown): Promise<Exports> {
	const { createJiti } = await import('jiti');
	try {
		// This package must stay the one that is loaded already: it holds the state of its threads.
		return await createJiti(import.meta.url, { nativeModules: ['tsgevent'], fsCache: CACHE }).import<Exports>(url.href);
	} catch (error) {
		// What jiti does not find either, Node has described better.
		throw codeOf(error) === 'MODULE_NOT_FOUND' && RESOLUTION_FAILURES.has(codeOf(nodesError)) ? nodesError : error;
	}
}

function codeOf(error: unknown): unknown {
	return error instanceof Error && 'code' in error ? error.code : undefined;
}
