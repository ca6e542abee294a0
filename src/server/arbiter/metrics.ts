import { listenBacklog } from '../log/listen-backlog.js';
import type { Setup } from './arbiter-options.js';

/** How often the backlog is looked at, in milliseconds, as gunicorn does. */
const BACKLOG_MS = 1_000;

/** What the arbiter itself tells statsd; nothing without it. */
export class ArbiterMetrics {
	#workers = 0;
	#backlogAt = -Infinity;

	/**
	 * Tells what has changed since the last time.
	 * @param workers processes that run
	 * @param now milliseconds on the arbiter's clock
	 */
	report({ configuration: { config }, listeners, logs }: Setup, workers: number, now: number): void {
		if (workers !== this.#workers) logs.gauge('gunicorn.workers', workers);
		this.#workers = workers;
		if (!config.enable_backlog_metric || config.statsd_host === null || now - this.#backlogAt < BACKLOG_MS) return;
		this.#backlogAt = now;
		const waiting = listenBacklog(listeners.flatMap(({ address }) => portOf(address)));
		if (waiting !== undefined) logs.histogram('gunicorn.backlog', waiting);
	}
}

/** The port of an address as logged; none for a Unix socket. */
function portOf(address: string): number[] {
	const port = /^http:.*:(\d+)$/.exec(address)?.[1];
	return port === undefined ? [] : [Number(port)];
}
