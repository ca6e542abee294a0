import { existsSync, statSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { AppImportError } from '../../errors.js';
import { nearest } from '../nearest.js';

/** What serves a request: `(req, res)`, blocking or async; an Express app is one. */
export type App = (request: IncomingMessage, response: ServerResponse) => unknown;

/** Taken in this order when the command line gives no name. */
const DEFAULT_NAMES = ['application', 'app', 'default'];

/** What may be left out at the end of a module's path. */
const ENDINGS = ['', '.js', '.mjs', '.cjs', '.ts', '.mts', '.cts', '/index.js', '/index.mjs', '/index.cjs'];

/**
 * Loads the app on the current thread, from an ES module or a CommonJS one.
 * @param spec `MODULE` or `MODULE:NAME`. The module is a path with or without its ending, a dotted path (`pkg.web` is `pkg/web.js`), or the
 * name of an installed package; without a name it is the export `application`, `app` or the default one
 * @param directory what a path is relative to; default: the current directory
 * @throws AppImportError `ERR_APP_IMPORT` when there is no such module or name, the module throws (its error is the `cause`), or what is
 * found is not a function
 * @example
 * ```ts no-run: there is no app in the place where examples run
 * const handler = await loadApp('examples/app.js:handler');
 * ```
 */
export async function loadApp(spec: string, directory: string = process.cwd()): Promise<App> {
	const [, module = spec, name] = /^(.+?)(?::([^:/\\]*))?$/.exec(spec) ?? [];
	const exported = exportsOf(await importModule(spec, findModule(spec, module, directory)));
	const app = pick(spec, module, name, exported);
	if (typeof app !== 'function') throw new AppImportError(spec, `it is not a function, but ${app === null ? 'null' : typeof app}`);
	return app as App;
}

function findModule(spec: string, module: string, directory: string): URL {
	const paths = [resolve(directory, module), join(directory, module.replaceAll('.', '/'))];
	const found = paths.flatMap((path) => ENDINGS.map((ending) => path + ending)).find((path) => existsSync(path) && statSync(path).isFile());
	if (found) return pathToFileURL(found);
	try {
		return pathToFileURL(createRequire(join(directory, 'app.js')).resolve(module));
	} catch {
		throw new AppImportError(spec, `there is no module '${module}' in ${directory}`);
	}
}

async function importModule(spec: string, url: URL): Promise<Record<string, unknown>> {
	try {
		return await import(url.href);
	} catch (cause) {
		throw new AppImportError(spec, `its module threw: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
	}
}

/** A CommonJS module's exports appear as its default; only those that Node could guess have names of their own. */
function exportsOf(namespace: Record<string, unknown>): Record<string, unknown> {
	const whole = namespace.default;
	if (typeof whole !== 'object' || whole === null) return namespace;
	// Compiled from an ES module: the default export is one level deeper.
	const compiled = '__esModule' in whole && 'default' in whole ? { default: whole.default } : {};
	return { ...whole, ...namespace, ...compiled };
}

function pick(spec: string, module: string, name: string | undefined, exported: Record<string, unknown>): unknown {
	const names = name === undefined ? DEFAULT_NAMES : [name];
	const found = names.find((candidate) => exported[candidate] !== undefined);
	if (found) return exported[found];
	const guess = nearest(names[0] ?? '', Object.keys(exported));
	const wanted = name === undefined ? DEFAULT_NAMES.map((candidate) => `'${candidate}'`).join(', ') : `'${name}'`;
	throw new AppImportError(spec, `${module} exports no ${wanted}${guess ? `; did you mean '${guess}'?` : ''}`);
}
