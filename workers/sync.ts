import type { Socket } from 'node:net';
import type { WorkerContext } from './base.js';
import GeventWorker from './gevent.js';

/** How long a connection without a request keeps others away, in milliseconds. */
const FIRST_REQUEST_MS = 1_000;

/**
 * Serves one request at a time, without keep-alive, as gunicorn's sync worker: the handler runs in the only greenlet, so blocking code
 * works in it. While it has a connection the others stay in the kernel, where another worker can take them.
 * @example
 * ```sh
 * tsgunicorn --worker-class sync -w 4 app.js:handler
 * ```
 */
export default class SyncWorker extends GeventWorker {
	readonly #busy = new Set<Socket>();

	constructor(context: WorkerContext) {
		super({ ...context, config: { ...context.config, worker_connections: 1, keepalive: 0 } });
	}

	override async init(): Promise<void> {
		await super.init();
		this.http.on('connection', (socket: Socket) => this.#admit(socket));
		// A silent one that speaks after all.
		this.http.on('request', ({ socket }) => this.#occupy(socket));
	}

	#admit(socket: Socket): void {
		this.#occupy(socket);
		// A client that connects and says nothing must not hold the worker until its header is due.
		const silence = setTimeout(() => {
			if (socket.bytesRead === 0) this.#release(socket);
		}, FIRST_REQUEST_MS);
		socket.once('close', () => {
			clearTimeout(silence);
			this.#release(socket);
		});
	}

	#occupy(socket: Socket): void {
		this.#busy.add(socket);
		this.server.pause();
	}

	#release(socket: Socket): void {
		this.#busy.delete(socket);
		if (this.#busy.size === 0) this.server.resume();
	}
}
