import { AsyncBridge } from '../src/server/http/async-bridge.js';
import { loadApp } from '../src/server/worker/app-loader.js';
import { tolerateOwnListeners } from '../src/server/worker/own-listeners.js';
import HttpWorker from './http-worker.js';

/** Requests at once where `worker_connections` is not given, as in gunicorn. */
const CONNECTIONS = 1_000;

/**
 * Serves handlers that return promises: they run on this process's main thread, the hub, without any greenlet or thread. A handler that
 * blocks stops all of them.
 * @example
 * ```sh
 * tsgunicorn --worker-class async -w 4 async-app.js:handler
 * ```
 */
export default class AsyncWorker extends HttpWorker {
	protected override capacity(): number {
		return this.config.worker_connections ?? CONNECTIONS;
	}

	/** Loads the app on the hub. */
	protected override async load(): Promise<void> {
		tolerateOwnListeners(this.log);
		new AsyncBridge(this.http, await loadApp(this.app), {
			log: this.log,
			hooks: this.hooks,
			worker: this,
			onDamaged: (reason) => this.retire(reason),
		});
	}
}
