import { RETIRE, RUN_TASK } from '../engine/core-operations.js';
import { runningEngine } from '../engine/engine.js';
import { registerRunner } from '../engine/threads/runners.js';
import { isControlFlow } from './control-flow.js';
import { setCurrentName } from './current.js';
import { importTask } from './import-task.js';
import { findTask } from './task.js';
// What the limit of spawnWith throws, whether or not the task's module knows it.
import './timeout.js';

registerRunner(RUN_TASK, (url, task, name, ...args) => {
	setCurrentName(name);
	const fn = findTask(url, task);
	return fn ? settle(name, () => fn(...args)) : importAndRun(url, task, name, args);
});

async function importAndRun(url: string, task: string, name: string, args: unknown[]): Promise<unknown> {
	return settle(name, async () => (await importTask(url, task, importOnce))(...args));
}

async function importOnce(url: string): Promise<void> {
	try {
		await import(url);
	} catch (error) {
		// Node keeps for good how a module's evaluation has ended: for whoever came next to this thread, it would have been killed as well.
		if (isControlFlow(error)) runningEngine()?.post(RETIRE);
		throw error;
	}
}

/** Runs to the value; a `GreenletExit` that nobody caught is the value, any other error is shown and kept. */
function settle(name: string, run: () => unknown): unknown {
	try {
		const result = run();
		return result instanceof Promise ? result.catch((error: unknown) => ended(name, error)) : result;
	} catch (error) {
		return ended(name, error);
	}
}

function ended(name: string, error: unknown): unknown {
	if ((error as { code?: unknown } | null)?.code === 'ERR_GREENLET_EXIT') return error;
	console.error(`Greenlet ${runningEngine()?.currentId() ?? ''} (${name}) failed:`, error);
	throw error;
}
