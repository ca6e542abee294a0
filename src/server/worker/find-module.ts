import { existsSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

/** What may be left out at the end of a module's path. */
const ENDINGS = ['', '.js', '.mjs', '.cjs', '.ts', '.mts', '.cts', '/index.js', '/index.mjs', '/index.cjs', '/index.ts'];

/**
 * Finds a module: a path with or without its ending, a dotted path (`pkg.web` is `pkg/web.js`), or the name of an installed package.
 * @param directory what a path is relative to
 * @returns undefined when there is none
 */
export function findModule(module: string, directory: string): URL | undefined {
	const paths = [resolve(directory, module), join(directory, module.replaceAll('.', '/'))];
	const found = paths.flatMap((path) => ENDINGS.map((ending) => path + ending)).find((path) => existsSync(path) && statSync(path).isFile());
	if (found) return pathToFileURL(found);
	try {
		return pathToFileURL(createRequire(join(directory, 'app.js')).resolve(module));
	} catch {
		// Neither is there such a package.
		return undefined;
	}
}
