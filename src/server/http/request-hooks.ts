import type { IncomingMessage, ServerResponse } from 'node:http';
import type { WorkerHooks } from '../worker/worker-contract.js';

/** The server hooks around a request, `pre_request` and `post_request`; costs nothing where the config file has none. */
export class RequestHooks {
	readonly #hooks: WorkerHooks | undefined;
	readonly #worker: unknown;
	readonly #before: boolean;
	readonly #after: boolean;

	/** @param worker what hooks get as their first argument */
	constructor(hooks: WorkerHooks | undefined, worker: unknown) {
		this.#hooks = hooks;
		this.#worker = worker;
		this.#before = hooks?.has('pre_request') === true;
		this.#after = hooks?.has('post_request') === true;
	}

	/** Whether `after` needs to know the status of responses. */
	get wanted(): boolean {
		return this.#after;
	}

	/** Calls `serve` once `pre_request` is through: at once where there is none. */
	before(request: IncomingMessage, serve: () => void): void {
		if (this.#before) void this.#hooks?.run('pre_request', this.#worker, request).then(serve);
		else serve();
	}

	/**
	 * Has `post_request` run when the response has finished or its connection has gone.
	 * @param status asked then; 0 when nothing was answered
	 */
	after(request: IncomingMessage, response: ServerResponse, status: () => number): void {
		if (!this.#after) return;
		response.once('close', () => void this.#hooks?.run('post_request', this.#worker, request, undefined, { status: status() }));
	}
}
