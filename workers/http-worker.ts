import { GreenError } from '../src/errors.js';
import { createHttpServer } from '../src/server/http/create-server.js';
import { DrainingServer } from '../src/server/http/draining-server.js';
import { errorPage } from '../src/server/http/error-page.js';
import { Admission } from '../src/server/worker/admission.js';
import { Worker, type WorkerFigures } from './base.js';

/** How often `heartbeat` is called, in milliseconds. */
const HEARTBEAT_MS = 1_000;

/**
 * What all classes that speak HTTP have in common: it accepts connections as long as there is room, counts requests, goes on serving for
 * `pre_stop_delay` seconds after TERM, and drains. A class says how many requests it handles at once and who handles them.
 * @example
 * ```ts
 * import HttpWorker from 'tsgevent/workers/http-worker';
 *
 * export default class HelloWorker extends HttpWorker {
 * 	protected override capacity() {
 * 		return 100;
 * 	}
 *
 * 	protected override async load() {
 * 		this.http.on('request', (_request, response) => response.end('hello'));
 * 	}
 * }
 * ```
 */
export default abstract class HttpWorker extends Worker {
	/** The HTTP server; it never listens itself. */
	protected readonly http = createHttpServer(this.config, this.log, this.access);
	/** Decides what is accepted and what waits. */
	protected readonly admission = new Admission({
		capacity: this.capacity(),
		maxQueued: this.config.max_queued_requests,
		log: this.log,
		pause: () => this.server.pause(),
		resume: () => this.server.resume(),
		onBegin: (requests) => {
			if (requests === this.maxRequests) this.retire(`max_requests (${requests}) reached`);
		},
		onEnd: () => {
			// What kept a class silent may be over: better now than with the next heartbeat, which may come too late.
			if (performance.now() - this.notifiedAt > this.#silenceMs) this.notify();
		},
	});
	/** Listens, and drains. */
	protected readonly server = new DrainingServer(this.http, {
		backlog: this.config.backlog,
		log: this.log,
		keepaliveMs: this.keepalive() * 1_000,
		graceMs: this.config.graceful_timeout * 1_000,
		fetchListener: (index) => this.arbiter.fetchListener(index),
		traffic: this.admission,
	});
	readonly #silenceMs = this.timeout > 0 ? Math.min(HEARTBEAT_MS, this.timeout * 1_000) : Infinity;
	#preStop: NodeJS.Timeout | undefined;

	/** How many requests are handled at once. Called by the constructor of this class, so that it may use the settings only. */
	protected abstract capacity(): number;

	/** How long an idle connection is kept, in seconds. Called by the constructor, too. */
	protected keepalive(): number {
		return this.config.keepalive;
	}

	/** Loads the app and makes it listen to the event `request` of `http`. */
	protected abstract load(): Promise<void>;

	/** Calls `load`. While files are watched (`reload`), an app that cannot be loaded becomes a page that says why. */
	override async initProcess(): Promise<void> {
		try {
			await this.load();
		} catch (error) {
			if (!this.config.reload || !(error instanceof GreenError) || error.code !== 'ERR_APP_IMPORT') throw error;
			this.log.error(error.message, error.cause);
			this.http.removeAllListeners('request').on('request', errorPage(error, this.app));
		}
		this.admission.guard(this.http);
	}

	/** Accepts, and resolves when drained. */
	override async run(): Promise<void> {
		this.server.listen(this.listeners);
		await this.server.closed;
	}

	/** With `pre_stop_delay` the first TERM only starts that time; a second one cuts it short. */
	override handleExit(): void {
		const delay = this.config.pre_stop_delay;
		if (delay > 0 && this.alive) {
			this.alive = false;
			this.log.info(`Worker goes on serving for ${delay} s before it stops (pid: ${this.pid})`);
			this.#preStop = setTimeout(() => super.handleExit(), delay * 1_000);
			return;
		}
		clearTimeout(this.#preStop);
		super.handleExit();
	}

	/** Drains, or drops everything. */
	override stop(graceful: boolean): void {
		clearTimeout(this.#preStop);
		if (graceful) void this.server.drain();
		else this.server.destroy();
	}

	/** Requests, those that wait, and connections. */
	override figures(): WorkerFigures {
		const { requests, busy, queued } = this.admission;
		return { requests, busy, queued, connections: this.server.connections, rss: process.memoryUsage.rss() };
	}
}
