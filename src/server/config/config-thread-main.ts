// The entry of the config thread: loads the config file into a module cache of its own, and runs the hooks that are the arbiter's.
import { parentPort, workerData } from 'node:worker_threads';
import { logTo } from '../log/log-to.js';
import { loadConfigExports } from './config-exports.js';
import { type ConfigThreadData, type FileContents, type FromConfigThread, type RunHook, reportError } from './config-thread-messages.js';

const { path } = workerData as ConfigThreadData;

function tell(message: FromConfigThread): void {
	parentPort?.postMessage(message);
}

const log = logTo((level, text, cause) => {
	const reason = cause === undefined ? '' : `\n${cause instanceof Error ? cause.stack : String(cause)}`;
	// A hook may give it anything.
	tell({ type: 'log', level, text: `${String(text)}${reason}` });
});

function withLog(view: unknown): unknown {
	return typeof view === 'object' && view !== null ? { ...view, log } : view;
}

/** Sorts what a config file exports into what may leave the thread and what may not. */
function contentsOf(exported: Record<string, unknown>): FileContents {
	const values = new Map<string, unknown>();
	const functions: string[] = [];
	const others: string[] = [];
	for (const [name, value] of Object.entries(exported)) {
		if (typeof value === 'function') functions.push(name);
		else if (isPlain(value)) values.set(name, value);
		else others.push(name);
	}
	return { values, functions, others };
}

function isPlain(value: unknown): boolean {
	try {
		structuredClone(value);
		return true;
	} catch {
		// A function in an object, a symbol: only the name can be told.
		return false;
	}
}

async function runHook(hook: unknown, { id, views }: RunHook): Promise<void> {
	try {
		if (typeof hook === 'function') await hook(...views.map(withLog));
		tell({ type: 'done', id, error: undefined });
	} catch (error) {
		tell({ type: 'done', id, error: reportError(error) });
	}
}

try {
	const exported = await loadConfigExports(path);
	parentPort?.on('message', (request: RunHook) => void runHook(exported[request.name], request));
	tell({ type: 'loaded', contents: contentsOf(exported) });
} catch (error) {
	tell({ type: 'failed', error: reportError(error) });
}
