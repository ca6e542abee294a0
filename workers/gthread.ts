import GeventWorker from './gevent.js';

/**
 * Serves as many requests at once as `threads` says, each in a greenlet of its own; idle keep-alive connections take none.
 * @example
 * ```sh
 * tsgunicorn --worker-class gthread --threads 8 app.js:handler
 * ```
 */
export default class GthreadWorker extends GeventWorker {
	protected override capacity(): number {
		return this.config.threads;
	}
}
