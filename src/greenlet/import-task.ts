import { NotSpawnableError } from '../errors.js';
import { whileImporting } from './spawn.js';
import { findTask } from './task.js';

/**
 * The function that a module registers under a name, in a thread that has not imported that module yet.
 * @param load imports it
 * @throws NotSpawnableError `ERR_NOT_SPAWNABLE` when it registers no such function; whatever the module throws
 */
export async function importTask(
	url: string,
	task: string,
	load: (url: string) => Promise<void>,
): Promise<(...args: unknown[]) => unknown> {
	await whileImporting(() => load(url));
	const fn = findTask(url, task);
	if (fn) return fn;
	throw new NotSpawnableError(
		`Cannot run ${task}: importing ${url} in another thread did not define it; call task() at the top level of the module`,
	);
}
