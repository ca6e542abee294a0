import http from 'node:http';
import { availableParallelism } from 'node:os';
import { startMainHub } from '../src/runtime/main-hub.js';
import { registerPreload } from '../src/runtime/preloads.js';
import { DrainingServer } from '../src/server/http/draining-server.js';
import { HttpBridge } from '../src/server/http/http-bridge.js';
import { warmUp } from '../src/server/worker/warm-up.js';
import { Worker } from './base.js';

const PATCH = new URL('../patch/preload.js', import.meta.url).href;
const REQUESTS = new URL('../src/server/http/request-thread.js', import.meta.url).href;

/**
 * Serves blocking code concurrently: every request runs in a greenlet of its own, in patched threads, while this process's
 * main thread is their hub and speaks HTTP. `worker_connections` limits how many run at once; more wait in a queue.
 * @example
 * ```sh
 * tsgunicorn --worker-class gevent -w 4 --worker-connections 64 app.js:handler
 * ```
 */
export default class GeventWorker extends Worker {
	protected readonly http = http.createServer();
	protected readonly server = new DrainingServer(this.http, {
		backlog: this.config.backlog,
		log: this.log,
		keepaliveMs: this.config.keepalive * 1_000,
		graceMs: this.config.graceful_timeout * 1_000,
	});

	override async init(): Promise<void> {
		registerPreload(PATCH);
		registerPreload(REQUESTS, this.app);
		const most = this.config.worker_connections;
		// As many as can run at once; the pool grows with the number of requests that wait.
		const threads = Math.min(availableParallelism() + 1, most ?? Number.POSITIVE_INFINITY);
		const hub = await startMainHub({ minThreads: threads, ...(most === null ? {} : { maxGreenlets: most }) });
		await warmUp(hub, threads);
		new HttpBridge(hub, this.http, { log: this.log, keepsAlive: () => this.server.keepsAlive });
	}

	override async run(): Promise<void> {
		await this.server.listen(this.listeners.map(({ fd }) => fd));
		await this.server.closed;
	}

	override stop(graceful: boolean): void {
		if (graceful) void this.server.drain();
		else this.server.destroy();
	}
}
