import { availableParallelism } from 'node:os';
import { startMainHub } from '../src/runtime/main-hub.js';
import { registerPreload } from '../src/runtime/preloads.js';
import { workerClassOf } from '../src/server/config/worker-class-name.js';
import { HttpBridge } from '../src/server/http/http-bridge.js';
import type { RequestThreadData } from '../src/server/http/request-thread.js';
import { greenletsOf } from '../src/server/worker/budget.js';
import { warmUp } from '../src/server/worker/warm-up.js';
import HttpWorker from './http-worker.js';

const PATCH = new URL('../patch/preload.js', import.meta.url).href;
const REQUESTS = new URL('../src/server/http/request-thread.js', import.meta.url).href;

/** For so many requests at once one greenlet more may run that the app itself has spawned. */
const REQUESTS_PER_SPARE = 8;

/**
 * Serves blocking code concurrently: every request runs in a greenlet of its own, in patched threads, while this process's
 * main thread is their hub and speaks HTTP. `worker_connections` limits how many run at once; while they all do, new connections
 * are left to other workers.
 * @example
 * ```sh
 * tsgunicorn --worker-class gevent -w 4 --worker-connections 64 app.js:handler
 * ```
 */
export default class GeventWorker extends HttpWorker {
	protected override capacity(): number {
		return greenletsOf(this.config);
	}

	/** Starts the hub and as many threads as can run at once, and loads the app in them. */
	protected override async load(): Promise<void> {
		registerPreload(PATCH);
		const { errorlog, loglevel, capture_output } = this.config;
		registerPreload(REQUESTS, { app: this.app, log: { errorlog, loglevel, capture_output } } satisfies RequestThreadData);
		const { capacity } = this.admission;
		const asked = this.config.worker_connections;
		if (asked !== null && asked > capacity && workerClassOf(this.config) === 'gevent')
			this.log.warning(
				`worker_connections ${asked} is cut to ${capacity}, as many threads as the system lets this process have (pid: ${this.pid})`,
			);
		// As many as can run at once; the pool grows with the number of requests that wait.
		const threads = Math.min(availableParallelism() + 1, capacity);
		// Requests that all wait for greenlets of their own must not take the last thread.
		const maxGreenlets = capacity + Math.ceil(capacity / REQUESTS_PER_SPARE);
		const hub = await startMainHub({ minThreads: threads, maxGreenlets });
		await warmUp(hub, threads);
		new HttpBridge(hub, this.http, {
			log: this.log,
			keepsAlive: () => this.server.keepsAlive,
			hooks: this.hooks,
			stacks: () => this.requestStacks('request_timeout'),
			worker: this,
			greenlets: this.admission,
			requestMs: this.config.request_timeout * 1_000,
		});
	}
}
