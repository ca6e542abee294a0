import { readdirSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { dirname, parse, resolve } from 'node:path';
import { AppImportError } from '../../errors.js';
import { nearest } from '../nearest.js';
import { placeOf } from './error-place.js';
import { findModule } from './find-module.js';
import { parseLiterals } from './literals.js';
import { type Exports, importModule } from './load-module.js';

/** What serves a request: `(req, res)`, blocking or async; an Express app is one. */
export type App = (request: IncomingMessage, response: ServerResponse) => unknown;

/** Taken in this order when the command line gives no name. */
const DEFAULT_NAMES = ['application', 'app', 'default'];

/** `MODULE`, `MODULE:NAME` or `MODULE:FACTORY(ARGUMENTS)`. */
const SPEC = /^(?<module>.+?)(?::(?<name>[^:/\\()]*)(?<call>\(.*\)\s*)?)?$/s;

/**
 * Loads the app on the current thread, from an ES module or a CommonJS one, in JavaScript or TypeScript.
 * @param spec `MODULE`, `MODULE:NAME` or `MODULE:FACTORY('a', 1)`. The module is a path with or without its ending, a dotted path
 * (`pkg.web` is `pkg/web.js`), or the name of an installed package; without a name it is the export `application`, `app` or the default
 * one. A factory is called with these literals, may be async, and returns the app
 * @param directory what a path is relative to; default: the current directory
 * @throws AppImportError `ERR_APP_IMPORT` when there is no such module or name, the module or the factory throws (its error is the
 * `cause`), or what is found is not a function
 * @example
 * ```ts no-run: there is no app in the place where examples run
 * const handler = await loadApp('examples/app.js:handler');
 * ```
 */
export async function loadApp(spec: string, directory: string = process.cwd()): Promise<App> {
	const { module = spec, name, call } = SPEC.exec(spec)?.groups ?? {};
	const values = call === undefined ? undefined : argumentsOf(spec, call.trim().slice(1, -1));
	const url = appModule(spec, directory);
	const exported = exportsOf(await attempt(spec, 'its module threw', () => importModule(url)));
	const found = pick(spec, module, name, exported);
	if (values === undefined) return requireApp(spec, found, 'it');
	const factory = requireApp(spec, found, `'${name}'`) as (...values: readonly unknown[]) => unknown;
	return requireApp(spec, await attempt(spec, `'${name}' threw`, () => factory(...values)), `what '${name}' returns`);
}

/**
 * Finds the module of an app without loading it.
 * @param spec as for `loadApp`
 * @throws AppImportError `ERR_APP_IMPORT` when there is none
 */
export function appModule(spec: string, directory: string = process.cwd()): URL {
	const { module = spec } = SPEC.exec(spec)?.groups ?? {};
	const found = findModule(module, directory);
	if (found === undefined) throw new AppImportError(spec, `there is no module '${module}' in ${directory}${hint(module, directory)}`);
	if (found.pathname.endsWith('.py'))
		throw new AppImportError(spec, `${module} is a module of Python; one of JavaScript or TypeScript is needed`);
	return found;
}

/** The file that may have been meant. */
function hint(module: string, directory: string): string {
	if (module.endsWith('.py')) return `; it would be one of Python, and one of JavaScript or TypeScript is needed`;
	const folder = dirname(resolve(directory, module));
	const guess = nearest(
		parse(module).name,
		modulesIn(folder).flatMap((file) => [parse(file).name]),
	);
	return guess === undefined ? '' : `; did you mean '${modulesIn(folder).find((file) => parse(file).name === guess)}'?`;
}

function modulesIn(folder: string): string[] {
	try {
		return readdirSync(folder).filter((file) => /\.[cm]?[jt]s$/.test(file));
	} catch {
		// There is no such folder, so that nothing in it can have been meant.
		return [];
	}
}

function argumentsOf(spec: string, text: string): unknown[] {
	try {
		return parseLiterals(text);
	} catch (cause) {
		if (!(cause instanceof SyntaxError)) throw cause;
		throw new AppImportError(spec, `its arguments cannot be read: ${cause.message}`, { cause });
	}
}

async function attempt<T>(spec: string, failure: string, run: () => T): Promise<Awaited<T>> {
	try {
		return await run();
	} catch (cause) {
		throw new AppImportError(spec, `${failure}: ${cause instanceof Error ? cause.message : String(cause)}${placeOf(cause)}`, { cause });
	}
}

/** A CommonJS module's exports appear as its default; only those that Node could guess have names of their own. */
function exportsOf(namespace: Exports): Exports {
	const whole = namespace.default;
	if (typeof whole !== 'object' || whole === null) return namespace;
	// Compiled from an ES module: the default export is one level deeper.
	const compiled = '__esModule' in whole && 'default' in whole ? { default: whole.default } : {};
	return { ...whole, ...namespace, ...compiled };
}

function pick(spec: string, module: string, name: string | undefined, exported: Exports): unknown {
	const names = name === undefined ? DEFAULT_NAMES : [name];
	const found = names.find((candidate) => exported[candidate] !== undefined);
	if (found) return exported[found];
	const guess = nearest(names[0] ?? '', Object.keys(exported));
	const wanted = name === undefined ? DEFAULT_NAMES.map((candidate) => `'${candidate}'`).join(', ') : `'${name}'`;
	throw new AppImportError(spec, `${module} exports no ${wanted}${guess ? `; did you mean '${guess}'?` : ''}`);
}

function requireApp(spec: string, found: unknown, what: string): App {
	if (typeof found !== 'function')
		throw new AppImportError(spec, `${what} is not a function, but ${found === null ? 'null' : typeof found}`);
	return found as App;
}
