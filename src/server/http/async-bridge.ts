import { AsyncLocalStorage } from 'node:async_hooks';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { TimedOutError } from '../../errors.js';
import type { Log } from '../log/log.js';
import type { App } from '../worker/app-loader.js';
import type { WorkerHooks } from '../worker/worker-contract.js';
import { OVERDUE, type Overdue } from './create-server.js';
import { cutOff, refuseRequest } from './refusal.js';
import { RequestHooks } from './request-hooks.js';
import { abortRequest, adoptRequestSignals } from './request-signal.js';

export interface AsyncBridgeOptions {
	readonly log: Log;
	/** The hooks around requests, and the worker that they get as their first argument. */
	readonly hooks?: WorkerHooks;
	readonly worker?: unknown;
	/** Called when an error that nobody could catch may have left the app in disorder: the worker is to be drained and replaced. */
	readonly onDamaged?: (reason: string) => void;
}

/** To which request a callback belongs, however many timers, sockets and promises lie between them. */
const causes = new AsyncLocalStorage<ServerResponse>();

/**
 * Between a `http.Server` and an app whose handlers return promises or use callbacks: they run right here, on the hub, with Node's
 * own request and response. A handler must not block. `request.signal` aborts when the client leaves or `request_timeout` is over.
 */
export class AsyncBridge {
	readonly #handler: App;
	readonly #log: Log;
	readonly #hooks: RequestHooks;
	readonly #onDamaged: (reason: string) => void;
	/** Ended because their time was over: what fails of them after that is no news. */
	readonly #overdue = new WeakSet<ServerResponse>();

	/**
	 * Takes over the requests of `server`, one of `createHttpServer`, and from here on the process's uncaught errors, unless the app
	 * listens for these itself.
	 */
	constructor(server: Server, handler: App, options: AsyncBridgeOptions) {
		this.#handler = handler;
		this.#log = options.log;
		this.#hooks = new RequestHooks(options.hooks, options.worker);
		this.#onDamaged = options.onDamaged ?? (() => undefined);
		adoptRequestSignals();
		server.on('request', (request, response) => this.#receive(request, response));
		server.on(OVERDUE, (overdue: Overdue) => this.#timeOut(overdue));
		process.on('uncaughtException', this.#uncaught);
		process.on('unhandledRejection', this.#unhandled);
	}

	/** Leaves the process's uncaught errors to others again. */
	close(): void {
		process.off('uncaughtException', this.#uncaught);
		process.off('unhandledRejection', this.#unhandled);
	}

	#receive(request: IncomingMessage, response: ServerResponse): void {
		response.once('close', () => {
			if (!response.writableFinished) abortRequest(request);
		});
		this.#hooks.after(request, response, () => (response.headersSent ? response.statusCode : 0));
		this.#hooks.before(request, () => {
			if (!response.destroyed && !response.headersSent) causes.run(response, () => this.#serve(request, response));
		});
	}

	#serve(request: IncomingMessage, response: ServerResponse): void {
		try {
			const returned = this.#handler(request, response) as PromiseLike<unknown> | null | undefined;
			if (typeof returned?.then === 'function') returned.then(undefined, (error: unknown) => this.#fail(response, error));
		} catch (error) {
			this.#fail(response, error);
		}
	}

	/** The handler has failed: answers with 500 where nothing has been answered. */
	#fail(response: ServerResponse, error: unknown): void {
		const { req: request } = response;
		const what = `request ${request.method} ${request.url}`;
		if (this.#overdue.has(response) || isLoss(response, error)) {
			this.#log.debug(`${what} ended with ${String(error)}`);
			return;
		}
		this.#log.error(response.writableFinished ? `Error after the end of ${what}` : `Error handling ${what}`, error);
		if (response.writableEnded || response.destroyed) return;
		if (response.headersSent) {
			cutOff(response);
			return;
		}
		forgetHeaders(response);
		response.writeHead(500, 'Internal Server Error', { 'Content-Type': 'text/plain; charset=utf-8' });
		response.end('Internal Server Error\n');
	}

	#timeOut(overdue: Overdue): void {
		const { request, response, refusal, ms } = overdue;
		// With the response complete it is the client that is late, not the handler.
		if (response.writableEnded) return;
		overdue.ended = true;
		this.#overdue.add(response);
		const what = `Request ${request.method} ${request.url}`;
		const done = response.headersSent ? 'cut off' : `answered with ${refusal.status}`;
		this.#log.error(`${what} took longer than ${ms / 1_000} s (request_timeout) and was ${done}; its handler had not ended`);
		if (response.headersSent) cutOff(response);
		else {
			// What the handler writes from here on comes too late.
			response.on('error', (error) => this.#fail(response, error));
			forgetHeaders(response);
			refuseRequest(response, refusal);
		}
		abortRequest(request, new TimedOutError(what, ms));
	}

	readonly #uncaught = (error: unknown): void => {
		// A listener of the app's own has the last word, as in any Node process.
		if (process.listenerCount('uncaughtException') === 1) this.#damage('uncaught error', error);
	};

	readonly #unhandled = (reason: unknown): void => {
		if (process.listenerCount('unhandledRejection') > 1) return;
		if (process.listenerCount('uncaughtException') === 1) this.#damage('unhandled rejection', reason);
		else (process as NodeJS.EventEmitter).emit('uncaughtException', reason, 'unhandledRejection');
	};

	#damage(what: string, error: unknown): void {
		const response = causes.getStore();
		if (response) this.#fail(response, error);
		else this.#log.error(`An ${what} that belongs to no request`, error);
		this.#onDamaged(`${what}: ${error instanceof Error ? error.message : String(error)}`);
	}
}

/** The app fails with what told it that its client has left; nobody is at fault. */
function isLoss(response: ServerResponse, error: unknown): boolean {
	if (!response.destroyed || response.writableFinished || !(error instanceof Error)) return false;
	const { code } = error as NodeJS.ErrnoException;
	return error.name === 'AbortError' || code === 'ECONNRESET' || code === 'EPIPE' || code === 'ERR_STREAM_PREMATURE_CLOSE';
}

/** Takes back what the app has said so far; whether the connection goes on is the server's to say. */
function forgetHeaders(response: ServerResponse): void {
	for (const name of response.getHeaderNames()) if (name !== 'connection') response.removeHeader(name);
}
