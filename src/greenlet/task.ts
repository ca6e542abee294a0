import { pathToFileURL } from 'node:url';
import { NotSpawnableError } from '../errors.js';

/** Where a task is defined: `import.meta` in an ES module, `module` in CommonJS. */
export type Where = { readonly url: string } | { readonly filename: string | null };

type AnyFunction = (...args: never[]) => unknown;

/** How a registered function is found again in another thread. */
export interface TaskName {
	readonly url: string;
	readonly task: string;
}

const names = new WeakMap<AnyFunction, TaskName>();
const functions = new Map<string, AnyFunction>();

/** The URL of a module, by what `task` and `isMain` are given. */
export function urlOf(where: Where, caller: string): string {
	if (typeof where === 'object' && where !== null) {
		if ('url' in where && typeof where.url === 'string') return where.url;
		if ('filename' in where && typeof where.filename === 'string') return pathToFileURL(where.filename).href;
	}
	throw new NotSpawnableError(
		`Cannot tell where ${caller}() is called: its first argument must be import.meta or module, received ${String(where)}`,
	);
}

/**
 * Registers a function under its module and name, so that `spawn` can find it again in another thread, and returns
 * the function itself: calling it directly runs it in place.
 *
 * Call it at the top level of a module. Threads import that module, so what must happen only once belongs behind
 * `isMain(import.meta)`.
 * @param where `import.meta`, or `module` in CommonJS
 * @param fn a named function
 * @throws NotSpawnableError `ERR_NOT_SPAWNABLE` when the function has no name, the name is taken in this module, or `where` has no URL
 * @example
 * import { isMain, spawn, task } from 'tsgevent';
 * import assert from 'node:assert/strict';
 *
 * const double = task(import.meta, function double(n) {
 * 	return n * 2;
 * });
 *
 * if (isMain(import.meta)) assert.equal(spawn(double, 21).get(), 42);
 */
export function task<F extends AnyFunction>(where: Where, fn: F): F {
	if (typeof fn !== 'function') throw new NotSpawnableError(`Cannot register a task that is no function, received ${typeof fn}`);
	if (fn.name === '')
		throw new NotSpawnableError(
			'Cannot register a function without a name: another thread could not find it; name it, or use tasks(where, { name: fn })',
		);
	return register(urlOf(where, 'task'), fn.name, fn);
}

/**
 * Registers several functions under the keys of an object and returns that object.
 * @param where `import.meta`, or `module` in CommonJS
 * @param functions what to register; the keys are the names
 * @throws NotSpawnableError `ERR_NOT_SPAWNABLE` as `task` does
 * @example
 * import { isMain, joinAll, spawn, tasks } from 'tsgevent';
 * import assert from 'node:assert/strict';
 *
 * const { add, negate } = tasks(import.meta, {
 * 	add: (a, b) => a + b,
 * 	negate: (n) => -n,
 * });
 *
 * if (isMain(import.meta)) {
 * 	const both = joinAll([spawn(add, 1, 2), spawn(negate, 5)]);
 * 	assert.deepEqual(both.map((greenlet) => greenlet.get()), [3, -5]);
 * }
 */
export function tasks<T extends Readonly<Record<string, AnyFunction>>>(where: Where, functions: T): T {
	const url = urlOf(where, 'tasks');
	for (const [name, fn] of Object.entries(functions)) {
		if (typeof fn !== 'function') throw new NotSpawnableError(`Cannot register ${name}: a task must be a function, received ${typeof fn}`);
		register(url, name, fn);
	}
	return functions;
}

function register<F extends AnyFunction>(url: string, name: string, fn: F): F {
	const key = `${url}#${name}`;
	if (functions.has(key)) throw new NotSpawnableError(`Cannot register a second task called ${name} in ${url}`);
	functions.set(key, fn);
	names.set(fn, { url, task: name });
	return fn;
}

/** How another thread finds `fn`. @throws NotSpawnableError when it is not registered */
export function taskName(fn: AnyFunction): TaskName {
	const name = typeof fn === 'function' ? names.get(fn) : undefined;
	if (name) return name;
	const what = typeof fn === 'function' ? `the function ${fn.name || '(anonymous)'}` : `a value of type ${typeof fn}`;
	throw new NotSpawnableError(
		`Cannot spawn ${what}: threads share no heap, so it has to be found again by name; define it at the top level of a module with task(import.meta, fn)`,
	);
}

/** The function registered in this thread, or undefined while its module has not been imported. */
export function findTask(url: string, name: string): ((...args: unknown[]) => unknown) | undefined {
	return functions.get(`${url}#${name}`) as ((...args: unknown[]) => unknown) | undefined;
}
