import type { Config } from '../config/config.js';
import type { AccessLog, Log } from '../log/log.js';

/** A listening socket of a worker. */
export interface ListenerSpec {
	/** The descriptor in the worker; the first listener is always 0, which libuv never closes. -1 with `own`. */
	readonly fd: number;
	/** As logged: `http://127.0.0.1:8000` or `unix:/run/app.sock`. */
	readonly address: string;
	/** With `reuse_port` each worker binds a socket of its own, at this IP address and port. */
	readonly own?: { readonly host: string; readonly port: number };
}

/** What a worker tells its arbiter with every heartbeat. */
export interface WorkerFigures {
	/** Requests answered so far. */
	readonly requests: number;
	/** Requests being handled. */
	readonly busy: number;
	/** Requests that wait for a greenlet. */
	readonly queued: number;
	/** Open connections. */
	readonly connections: number;
	/** Resident size of the process in bytes. */
	readonly rss: number;
}

/** What a worker may say to its arbiter. None of these throws when the arbiter has died. */
export interface ArbiterLink {
	/** A heartbeat. */
	beat(figures: WorkerFigures): void;
	/**
	 * Asks to be replaced: the arbiter starts another worker and sends this one TERM when that is ready.
	 * @param reason for the log, such as `max_requests (1000) reached`
	 */
	retire(reason: string): void;
	/** Fetches another copy of a listener's descriptor: a worker that closed its copy to stop accepting, and starts again. Not for fd 0. */
	fetchListener(index: number): Promise<{ readonly fd: number }>;
}

/** The worker-side server hooks of the config file; each is bounded and never throws. */
export interface WorkerHooks {
	/** Whether the config file has this hook; a hot path asks once. */
	has(name: WorkerHookName): boolean;
	/** Runs a hook and waits for it; a failure or a hook that takes over 10 s is logged. */
	run(name: WorkerHookName, ...args: readonly unknown[]): Promise<void>;
}

export type WorkerHookName =
	| 'post_fork'
	| 'post_worker_init'
	| 'worker_int'
	| 'worker_abort'
	| 'pre_request'
	| 'post_request'
	| 'worker_exit';

/** What a worker is made with. */
export interface WorkerContext {
	/** The how-manieth worker of its arbiter this is, from 1. */
	readonly age: number;
	/** What to serve: `module:name`. */
	readonly app: string;
	readonly config: Config;
	readonly log: Log;
	/** Undefined when nobody wants to hear of requests. */
	readonly access: AccessLog | undefined;
	readonly hooks: WorkerHooks;
	readonly arbiter: ArbiterLink;
	readonly listeners: readonly ListenerSpec[];
	/** Has the stacks of the hub and of every greenlet logged, soon. */
	requestStacks(reason: string): void;
}

/** What the worker process asks of a worker class; `workers/base.ts` is the class to extend. gunicorn's contract in camelCase. */
export interface WorkerInstance {
	/** Loads the app and makes everything ready; the worker counts as booted when this resolves. */
	initProcess(): Promise<void>;
	/** Serves until told to stop; resolves when drained. */
	run(): Promise<void>;
	/** Called each second while the hub lives; calls `notify` unless something that `timeout` is about takes too long. */
	heartbeat(): void;
	/** TERM: finish what is in flight, then let `run` resolve. */
	handleExit(): void;
	/** INT and QUIT: let `run` resolve at once. */
	handleQuit(): void;
	/** ABRT: the arbiter has lost patience; the hook `worker_abort` has run, the process exits with 1 right after. */
	handleAbort(): void;
	/** USR1: the logs have been reopened. */
	handleUsr1(): void;
}

export type WorkerClass = new (context: WorkerContext) => WorkerInstance;
