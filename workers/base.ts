import type { Config } from '../src/server/config/config.js';
import type { AccessLog, Log } from '../src/server/log/log.js';
import type {
	ArbiterLink,
	ListenerSpec,
	WorkerContext,
	WorkerFigures,
	WorkerHooks,
	WorkerInstance,
} from '../src/server/worker/worker-contract.js';

export type { AccessLog, ArbiterLink, Config, ListenerSpec, Log, WorkerContext, WorkerFigures, WorkerHooks };

const BYTES_PER_MB = 1024 * 1024;

/**
 * What a worker process runs, with the contract of gunicorn's `workers/base.py` in camelCase: extend it to serve in a way of your own,
 * and name the module's path with `--worker-class`. The arbiter has only a handle of it; this object lives in the worker process, on
 * its main thread, which is the hub: nothing here may block. The order of calls is the constructor, `initProcess`, `run`; meanwhile
 * `heartbeat` each second, and `handle...` for signals. The process exits once `run` has resolved.
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
 * 	async initProcess() {
 * 		this.log.info(`Nothing to load for ${this.app}`);
 * 	}
 *
 * 	async run() {
 * 		this.#server.listen({ fd: this.listeners[0]?.fd });
 * 		await once(this.#server, 'close');
 * 	}
 *
 * 	stop(graceful: boolean) {
 * 		this.#server.close();
 * 		if (!graceful) this.#server.closeAllConnections();
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
	/** Whoever hears of every request; undefined when nobody does. */
	readonly access: AccessLog | undefined;
	/** The worker's own server hooks. */
	readonly hooks: WorkerHooks;
	/** The line to the arbiter. */
	readonly arbiter: ArbiterLink;
	/** The listening sockets; the first one is descriptor 0. */
	readonly listeners: readonly ListenerSpec[];
	/** Has the stacks of the hub and of every greenlet logged, soon. */
	readonly requestStacks: (reason: string) => void;
	/** This process. */
	readonly pid: number = process.pid;
	/** The arbiter's process. */
	readonly ppid: number = process.ppid;
	/** `notify` is to be called at least this often, in seconds: half of the setting `timeout`, as in gunicorn; 0 when nobody minds. */
	readonly timeout: number;
	/** How many requests this worker handles before it asks to be replaced: `max_requests` and its jitter, or Infinity. */
	readonly maxRequests: number;
	/** False from the first signal on that tells the worker to leave. */
	alive = true;
	#booted = false;
	#notifiedAt = performance.now();
	#retiring = false;

	/**
	 * Takes over what the arbiter has sent; nothing has been loaded yet.
	 * @param context what this worker is made with
	 */
	constructor(context: WorkerContext) {
		this.age = context.age;
		this.app = context.app;
		this.config = context.config;
		this.log = context.log;
		this.listeners = context.listeners;
		this.access = context.access;
		this.hooks = context.hooks;
		this.arbiter = context.arbiter;
		this.requestStacks = (reason) => context.requestStacks(reason);
		const { timeout, max_requests, max_requests_jitter } = context.config;
		this.timeout = timeout / 2;
		this.maxRequests = max_requests > 0 ? max_requests + Math.floor(Math.random() * (max_requests_jitter + 1)) : Infinity;
	}

	/** Whether it serves, which begins with the first heartbeat after `initProcess`. */
	get booted(): boolean {
		return this.#booted;
	}

	/**
	 * Loads the app and makes everything ready. The worker counts as booted when this resolves.
	 * @throws AppImportError `ERR_APP_IMPORT` when the app cannot be loaded: the process then exits with 4; with 3 for any other error
	 */
	abstract initProcess(): Promise<void>;

	/** Serves until told to stop; resolves when everything in flight is done, and the process then exits. */
	abstract run(): Promise<void>;

	/**
	 * Makes `run` resolve. Called once `initProcess` has resolved; a second call may ask for more haste.
	 * @param graceful true: answer what is in flight first; false: drop it
	 */
	abstract stop(graceful: boolean): void;

	/** Tells the arbiter that this worker lives. A worker that stays silent for the setting `timeout` is killed. */
	notify(): void {
		this.#notifiedAt = performance.now();
		this.arbiter.beat(this.figures());
	}

	/** When `notify` was called last, in milliseconds of `performance.now()`. */
	protected get notifiedAt(): number {
		return this.#notifiedAt;
	}

	/** What the arbiter is told with each `notify`; a class that serves requests overrides it. */
	figures(): WorkerFigures {
		return { requests: 0, busy: 0, queued: 0, connections: 0, rss: process.memoryUsage.rss() };
	}

	/** Called each second while the hub lives: watches the memory, and calls `notify`. */
	heartbeat(): void {
		this.#booted = true;
		const { max_memory } = this.config;
		if (max_memory > 0) {
			const mb = Math.round(process.memoryUsage.rss() / BYTES_PER_MB);
			if (mb > max_memory) this.retire(`max_memory (${max_memory} MB) exceeded: ${mb} MB`);
		}
		this.notify();
	}

	/**
	 * Asks to be replaced, once: the arbiter starts another worker and tells this one to leave when that is ready. Until then it goes on
	 * serving.
	 * @param reason for the log
	 */
	retire(reason: string): void {
		if (this.#retiring || !this.alive) return;
		this.#retiring = true;
		this.log.info(`Autorestarting worker (pid: ${this.pid}): ${reason}`);
		this.arbiter.retire(reason);
	}

	/** TERM. */
	handleExit(): void {
		this.alive = false;
		this.stop(true);
	}

	/** INT and QUIT. */
	handleQuit(): void {
		this.alive = false;
		this.stop(false);
	}

	/** ABRT, the arbiter has lost patience: the process exits right after. */
	handleAbort(): void {
		this.alive = false;
	}

	/** USR1: the logs have been reopened. */
	handleUsr1(): void {
		this.log.debug(`Logs reopened (pid: ${this.pid})`);
	}
}
