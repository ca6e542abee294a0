import type { Config } from '../config/config.js';
import type { Log } from '../log/error-log.js';

/** A listening socket that a worker has inherited. */
export interface ListenerSpec {
	/** The descriptor in the worker; the first listener is always 0, which libuv never closes. */
	readonly fd: number;
	/** As logged: `http://127.0.0.1:8000` or `unix:/run/app.sock`. */
	readonly address: string;
}

/** What a worker is made with. */
export interface WorkerContext {
	/** The how-manieth worker of its arbiter this is, from 1. */
	readonly age: number;
	/** What to serve: `module:name`. */
	readonly app: string;
	readonly config: Config;
	readonly log: Log;
	readonly listeners: readonly ListenerSpec[];
}

/** What the worker process asks of a worker class; `workers/base.ts` is the class to extend. */
export interface WorkerInstance {
	/** Loads the app and makes everything ready; the worker counts as booted when this resolves. */
	init(): Promise<void>;
	/** Serves until told to stop; resolves when drained. */
	run(): Promise<void>;
	/** TERM: finish what is in flight, then let `run` resolve. */
	handleExit(): void;
	/** INT and QUIT: let `run` resolve at once. */
	handleQuit(): void;
}

export type WorkerClass = new (context: WorkerContext) => WorkerInstance;
