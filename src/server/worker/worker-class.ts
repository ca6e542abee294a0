import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { HaltServer } from '../../errors.js';
import { WORKER_CLASS_NAMES, type WorkerClassSettings, workerClassOf } from '../config/worker-class-name.js';
import { importModule } from './load-module.js';
import type { WorkerClass } from './worker-contract.js';

/**
 * Loads a worker class by its name or by the path of a module, relative to the current directory, that exports it by default.
 * @param settings the settings, which may turn one class into another, or a name or path as it is
 * @throws HaltServer with exit status 3 when the module has no such class
 */
export async function loadWorkerClass(settings: WorkerClassSettings | string): Promise<WorkerClass> {
	const nameOrPath = workerClassOf(typeof settings === 'string' ? { worker_class: settings, threads: 1 } : settings);
	const url = WORKER_CLASS_NAMES.includes(nameOrPath)
		? new URL(`../../../workers/${nameOrPath}.js`, import.meta.url)
		: pathToFileURL(resolve(nameOrPath));
	const module: { default?: unknown } = await importModule(url);
	const found = unwrapCommonJs(module.default);
	if (typeof found !== 'function')
		throw new HaltServer(`Cannot use worker class ${nameOrPath}: ${url.pathname} has no default export that is a class`, 3);
	return found as WorkerClass;
}

/** A class compiled to CommonJS arrives as `module.exports.default`. */
function unwrapCommonJs(exported: unknown): unknown {
	return typeof exported === 'object' && exported !== null && 'default' in exported ? exported.default : exported;
}
