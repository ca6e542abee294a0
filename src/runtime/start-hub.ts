import { SystemClock } from '../clock.js';
import type { Preload, TerminalShape } from '../engine/threads/pool.js';
import type { Board } from '../engine/threads/wire.js';
import { showGreenlets } from '../hub/greenlet-view.js';
import { Hub } from '../hub/hub.js';
import type { ResolvedOptions } from './options.js';
import { registerServices } from './services.js';

export interface StartHubOptions {
	readonly runtime: ResolvedOptions;
	readonly preloads: () => readonly Preload[];
	readonly argv: readonly string[];
	readonly terminal: TerminalShape;
	readonly board?: Board;
}

const ENTRY = new URL('./pool-entry.cjs', import.meta.url);

/** Starts the hub on this thread. */
export async function startHub({ runtime, preloads, argv, terminal, board }: StartHubOptions): Promise<Hub> {
	const clock = runtime.clockModule ? await clockFrom(runtime.clockModule) : undefined;
	const hub: Hub = new Hub({
		entry: ENTRY,
		min: runtime.minThreads,
		max: runtime.maxGreenlets,
		heapLimitMb: runtime.heapLimitMb,
		idleMs: runtime.idleMs,
		runnable: runtime.runnable,
		setup: () => ({ preloads: preloads(), argv, terminal }),
		clock: clock?.clock ?? new SystemClock(),
		report: (error) => console.error('The hub met an error that belongs to no greenlet:', error),
		...(board ? { board } : {}),
	});
	registerServices(hub);
	showGreenlets(hub);
	clock?.attach(hub);
	return hub;
}

/** A clock for tests, and how it learns of the hub it serves. */
interface TestClock {
	readonly clock: SystemClock;
	attach(hub: Hub): void;
}

async function clockFrom(url: string): Promise<TestClock> {
	const { createClock } = (await import(url)) as { createClock: () => TestClock };
	return createClock();
}
