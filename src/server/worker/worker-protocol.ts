import type { Config } from '../config/config.js';
import type { ListenerSpec } from './worker-contract.js';

/** What a worker tells its arbiter, in this order; it may leave at any time. */
export type FromWorker =
	/** Its signal handlers are installed, and it wants `Boot`, whose listener is to take descriptor 0; said again when that missed. */
	| { readonly type: 'handlers' }
	/** It serves. */
	| { readonly type: 'ready' }
	/** It is about to exit; a thread inside a native call can hold that up for ever. */
	| { readonly type: 'leaving' };

/** What the arbiter answers to every `handlers`, together with the handle of the first listener. */
export interface Boot {
	readonly type: 'boot';
	readonly age: number;
	readonly app: string;
	readonly config: Config;
	readonly listeners: readonly ListenerSpec[];
}

/** The exit status of a worker that failed to boot, and of the server when that happens before any worker was ever ready. */
export const WORKER_BOOT_ERROR = 3;

/** The same for a worker that could not load the app. */
export const APP_LOAD_ERROR = 4;

/** The descriptor of the second listener in a worker: 0 is the first, 1 and 2 are the arbiter's own, 3 is the IPC channel. */
export const FURTHER_LISTENERS_FD = 4;
