import { readdirSync, readFileSync } from 'node:fs';

/** No more child processes are told of. */
const MOST_CHILDREN = 32;

/**
 * The child processes of this process, as `pid command`: what a thread inside `execSync` waits for. Linux tells; elsewhere there are none.
 */
export function childProcesses(): string[] {
	const pids = read('/proc/self/task', (path) => readdirSync(path), []).flatMap((task) =>
		read(`/proc/self/task/${task}/children`, (path) => readFileSync(path, 'latin1').split(' '), []),
	);
	return pids
		.filter((pid) => pid !== '')
		.slice(0, MOST_CHILDREN)
		.map((pid) => `${pid} ${read(`/proc/${pid}/cmdline`, (path) => readFileSync(path, 'utf8').replaceAll('\0', ' ').trim(), '')}`);
}

function read<T>(path: string, reader: (path: string) => T, missing: T): T {
	try {
		return reader(path);
	} catch {
		// Another system, a kernel without the list, or a process that has ended in between.
		return missing;
	}
}
