import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { HaltServer } from '../../errors.js';
import { WORKER_CLASS_NAMES } from '../config/worker-class-name.js';
import type { WorkerClass } from './worker-contract.js';

/**
 * Loads a worker class by its name or by the path of a module, relative to the current directory, that exports it by default.
 * @throws HaltServer with exit status 3 when the module has no such class
 */
export async function loadWorkerClass(nameOrPath: string): Promise<WorkerClass> {
	const url = WORKER_CLASS_NAMES.includes(nameOrPath)
		? new URL(`../../../workers/${nameOrPath}.js`, import.meta.url)
		: pathToFileURL(resolve(nameOrPath));
	const module: { default?: unknown } = await import(url.href);
	const found = unwrapCommonJs(module.default);
	if (typeof found !== 'function')
		throw new HaltServer(`Cannot use worker class ${nameOrPath}: ${url.pathname} has no default export that is a class`, 3);
	return found as WorkerClass;
}

/** A class compiled to CommonJS arrives as `module.exports.default`. */
function unwrapCommonJs(exported: unknown): unknown {
	return typeof exported === 'object' && exported !== null && 'default' in exported ? exported.default : exported;
}
