import { refuseEngine } from '../engine/engine.js';
import type { Hub } from '../hub/hub.js';
import { terminalShape } from './direct-output.js';
import { configure, type RuntimeOptions, resolveOptions } from './options.js';
import { preloads } from './preloads.js';
import { startHub } from './start-hub.js';

export interface MainHubOptions extends RuntimeOptions {
	/** `process.argv` as greenlets see it. */
	readonly argv?: readonly string[];
}

/**
 * Makes this process's main thread the hub: the app runs in greenlets only, so that signals, stdio and sockets behave
 * (`tsgunicorn`, `tsgevent app.js`).
 */
export function startMainHub({ argv = process.argv, ...options }: MainHubOptions): Promise<Hub> {
	refuseEngine('hub');
	configure(options);
	return startHub({ runtime: resolveOptions(), preloads, argv, terminal: terminalShape() });
}
