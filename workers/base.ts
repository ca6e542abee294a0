import type { Config } from '../src/server/config/config.js';
import type { Log } from '../src/server/log/error-log.js';
import type { ListenerSpec, WorkerContext, WorkerInstance } from '../src/server/worker/worker-contract.js';

export type { Config, ListenerSpec, Log, WorkerContext };

/**
 * What a worker process runs: extend it to serve in a way of your own, and name the module's path with `--worker-class`.
 * It lives on the main thread of the worker process, which is the hub: nothing here may block.
 *
 * @example
 * ```ts
 * import { once } from 'node:events';
 * import { createServer } from 'node:http';
 * import { Worker } from 'tsgevent/workers/base';
 *
 * export default class HelloWorker extends Worker {
 * 	readonly #server = createServer((_request, response) => response.end('hello'));
 *
 * 	async init() {
 * 		// Nothing to load.
 * 	}
 *
 * 	async run() {
 * 		this.#server.listen({ fd: this.listeners[0]?.fd });
 * 		await once(this.#server, 'close');
 * 	}
 *
 * 	stop() {
 * 		this.#server.close();
 * 	}
 * }
 * ```
 */
export abstract class Worker implements WorkerInstance {
	/** The how-manieth worker of its arbiter this is, from 1. */
	readonly age: number;
	/** What to serve, as given on the command line: `module:name`. */
	readonly app: string;
	/** The settings, in gunicorn's names and units: durations are seconds. */
	readonly config: Config;
	/** The error log. */
	readonly log: Log;
	/** The listening sockets; the first one is descriptor 0. */
	readonly listeners: readonly ListenerSpec[];

	constructor(context: WorkerContext) {
		this.age = context.age;
		this.app = context.app;
		this.config = context.config;
		this.log = context.log;
		this.listeners = context.listeners;
	}

	/**
	 * Loads the app and makes everything ready. The worker counts as booted when this resolves.
	 * @throws AppImportError `ERR_APP_IMPORT` when the app cannot be loaded: the process then exits with 4; with 3 for any other error
	 */
	abstract init(): Promise<void>;

	/** Serves until told to stop; resolves when everything in flight is done, and the process then exits. */
	abstract run(): Promise<void>;

	/**
	 * Makes `run` resolve. Called once `init` has resolved; a second call may ask for more haste.
	 * @param graceful true: answer what is in flight first; false: drop it
	 */
	abstract stop(graceful: boolean): void;

	/** TERM. */
	handleExit(): void {
		this.stop(true);
	}

	/** INT and QUIT. */
	handleQuit(): void {
		this.stop(false);
	}
}
