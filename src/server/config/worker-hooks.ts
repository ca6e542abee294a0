import type { Log } from '../log/log.js';
import type { WorkerHookName, WorkerHooks } from '../worker/worker-contract.js';
import { loadConfigExports } from './config-exports.js';
import { configFileError } from './config-file-error.js';

/** How long a hook may take, in milliseconds. */
const PATIENCE_MS = 10_000;

/** The hooks of a worker without a config file. */
export const NO_WORKER_HOOKS: WorkerHooks = { has: () => false, run: async () => undefined };

/**
 * Loads the hooks of a config file that run in the worker, into the worker's process.
 * @param file the path of the config file; `undefined` when there is none
 * @param log what failures are written to
 * @param patienceMs how long each hook is waited for, in milliseconds; default: 10 s. A hook that blocks is bounded by nothing but `timeout`
 * @throws ConfigError `ERR_CONFIG` when the file does not load
 */
export async function loadWorkerHooks(file: string | undefined, log: Log, patienceMs: number = PATIENCE_MS): Promise<WorkerHooks> {
	if (file === undefined || file.endsWith('.json')) return NO_WORKER_HOOKS;
	try {
		return new ImportedHooks(await loadConfigExports(file), log, patienceMs);
	} catch (cause) {
		throw configFileError(file, cause);
	}
}

class ImportedHooks implements WorkerHooks {
	readonly #exported: Readonly<Record<string, unknown>>;
	readonly #log: Log;
	readonly #patienceMs: number;

	constructor(exported: Readonly<Record<string, unknown>>, log: Log, patienceMs: number) {
		this.#exported = exported;
		this.#log = log;
		this.#patienceMs = patienceMs;
	}

	has(name: WorkerHookName): boolean {
		return typeof this.#exported[name] === 'function';
	}

	async run(name: WorkerHookName, ...args: readonly unknown[]): Promise<void> {
		const hook = this.#exported[name];
		if (typeof hook !== 'function') return;
		try {
			const result: unknown = hook(...args);
			// Most hooks end at once; a timer for each request would cost more than they do.
			if (result instanceof Promise) await this.#bounded(result);
		} catch (error) {
			this.#log.error(`Hook ${name} failed: ${error instanceof Error ? error.message : String(error)}`, error);
		}
	}

	async #bounded(result: Promise<unknown>): Promise<void> {
		let timer: NodeJS.Timeout | undefined;
		const patience = new Promise<never>((_, reject) => {
			timer = setTimeout(() => reject(new Error(`it did not end within ${this.#patienceMs / 1_000} s`)), this.#patienceMs);
		});
		try {
			await Promise.race([result, patience]);
		} finally {
			clearTimeout(timer);
		}
	}
}
