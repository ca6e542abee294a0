import GeventWorker from './gevent.js';

/**
 * Serves one request at a time, without keep-alive, as gunicorn's sync worker: the handler runs in a greenlet, so blocking code works in
 * it. While it has a request or a new connection, the others stay in the kernel, where another worker can take them. A handler
 * that takes longer than `timeout` costs the worker its life.
 * @example
 * ```sh
 * tsgunicorn --worker-class sync -w 4 app.js:handler
 * ```
 */
export default class SyncWorker extends GeventWorker {
	protected override capacity(): number {
		return 1;
	}

	protected override keepalive(): number {
		return 0;
	}

	/** Silent while the same request has been running since the last time, which is what `timeout` is about here. */
	override notify(): void {
		const { busy, lastBegunAt } = this.admission;
		if (busy === 0 || lastBegunAt > this.notifiedAt) super.notify();
	}
}
