import type { Config } from '../config/config.js';
import type { ListenerSpec, WorkerFigures } from './worker-contract.js';

/** What a worker tells its arbiter over IPC. `handlers` and `ready` come in this order; it may leave at any time. */
export type FromWorker =
	/** Its signal handlers are installed, and it wants `Boot`, whose listener is to take descriptor 0; said again when that missed. */
	| { readonly type: 'handlers' }
	/** It serves. */
	| { readonly type: 'ready' }
	/** It lives: each second, unless something that `timeout` is about takes too long. */
	| ({ readonly type: 'beat' } & WorkerFigures)
	/** It wants to be replaced, without a request being lost. */
	| { readonly type: 'retire'; readonly reason: string }
	/** It wants another copy of the descriptor of this listener. */
	| { readonly type: 'listener'; readonly index: number }
	/** It could not boot; its exit with 3 or 4 follows. */
	| { readonly type: 'failed'; readonly reason: string }
	/** It is about to exit with this status; a thread inside a native call can hold that up for ever. */
	| { readonly type: 'leaving'; readonly status: number };

/** The server as hooks see it. */
export interface ServerView {
	/** The arbiter's. */
	readonly pid: number;
	readonly address: readonly string[];
	readonly num_workers: number;
	readonly cfg: Config;
}

/** What the arbiter answers to every `handlers`, together with the handle of the first listener. */
export interface Boot {
	readonly type: 'boot';
	readonly age: number;
	readonly app: string;
	readonly config: Config;
	readonly listeners: readonly ListenerSpec[];
	readonly server: ServerView;
	/** The config file, when it has hooks that run in the worker. */
	readonly hookFile: string | null;
}

/** What the arbiter answers to `listener`, together with a handle; without one when there is no such listener any more. */
export interface MoreListener {
	readonly type: 'listener';
	readonly index: number;
}

export type ToWorker = Boot | MoreListener;

/** The exit status of a worker that failed to boot, and of the server when that happens before any worker was ever ready. */
export const WORKER_BOOT_ERROR = 3;

/** The same for a worker that could not load the app. */
export const APP_LOAD_ERROR = 4;

/** Descriptors of a worker: 0 the first listener, 1 and 2 the arbiter's own, 3 IPC, 4 the line to its watchdog, then further listeners. */
export const WATCHDOG_FD = 4;
export const FURTHER_LISTENERS_FD = 5;
