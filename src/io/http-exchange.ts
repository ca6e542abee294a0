import type { Agent, Dispatcher } from 'undici';
import type { ClockTimer } from '../clock.js';
import { ClosedError, GreenError, TimedOutError } from '../errors.js';
import type { HubRequest, Resource, ServiceHost } from '../hub/service.js';
import { HttpBody } from './http-body.js';
import { decoded } from './http-decoder.js';
import { nodeError } from './http-error.js';
import { pack, type RequestHead } from './http-messages.js';
import type { HttpPool } from './http-pool.js';
import { type Hop, headerOf, locationOf, nextHop } from './http-redirect.js';
import { Upload } from './http-upload.js';

/** What there is to tell the greenlet: the response, whole or with a handle, or an error. */
type Outcome = { readonly frame: Buffer; readonly whole: boolean } | { readonly error: unknown };

/** The final response and the request it answers. */
interface Answered {
	readonly response: Dispatcher.ResponseData;
	readonly headers: readonly string[];
	readonly hop: Hop;
	readonly redirected: boolean;
}

/** undici frames bodies itself and refuses to be told how. */
const FRAMING = new Set(['transfer-encoding', 'keep-alive']);

/**
 * One request with its redirects, and the body of its response until that was read. Lives on the hub; a greenlet holds it by
 * handle once there is something to come back for.
 */
export class HttpExchange implements Resource {
	readonly kind: string;
	readonly #host: ServiceHost;
	readonly #pool: HttpPool;
	readonly #head: RequestHead;
	readonly #content: Buffer | Upload | null;
	readonly #abort = new AbortController();
	#handle = 0;
	#over = false;
	#fresh: Agent | undefined;
	#waiter: HubRequest | undefined;
	#outcome: Outcome | undefined;
	#body: HttpBody | undefined;
	#total: ClockTimer | undefined;
	#untilHeaders: ClockTimer | undefined;

	constructor(host: ServiceHost, pool: HttpPool, head: RequestHead, content: Buffer | Upload | null) {
		this.kind = `${head.method} ${head.origin}${head.path}`;
		this.#host = host;
		this.#pool = pool;
		this.#head = head;
		this.#content = content;
	}

	/** Sends the request and answers `request` with what comes of it. */
	start(request: HubRequest): void {
		this.answer(request);
		this.#begin();
	}

	/** Sends the head of a request and keeps what comes of it for `answer`; returns the exchange's handle. */
	startUpload(request: HubRequest): number {
		this.#handle = this.#host.own(request.owner, this);
		this.#begin();
		return this.#handle;
	}

	/** The body to be sent. */
	get upload(): Upload {
		return this.#content as Upload;
	}

	/** Answers `request` with the response, now or when it comes. */
	answer(request: HubRequest): void {
		this.#waiter = request;
		request.onCancel = () => this.dispose();
		if (this.#outcome) this.#tell(this.#outcome);
	}

	/** Answers `request` with a part of the response's body. */
	read(request: HubRequest, atLeast: number, max: number): void {
		if (!this.#body) throw new ClosedError(`Cannot read from the body of ${this.kind}: it was closed`);
		const { bodyTimeoutMs } = this.#head;
		const limit = (): ClockTimer => this.#limit(bodyTimeoutMs, `Reading the body of ${this.kind}`);
		this.#body.read(request, atLeast, max, bodyTimeoutMs > 0 ? limit : undefined);
	}

	dispose(): void {
		if (!this.#over) this.#stop(new ClosedError(`The request was called off: ${this.kind}`));
	}

	#begin(): void {
		const { timeoutMs, headersTimeoutMs } = this.#head;
		if (timeoutMs > 0) this.#total = this.#limit(timeoutMs, this.kind);
		if (headersTimeoutMs > 0) this.#untilHeaders = this.#limit(headersTimeoutMs, `Waiting for the headers of ${this.kind}`);
		this.#run().catch((error: unknown) => this.#stop(nodeError(error)));
	}

	#limit(ms: number, what: string): ClockTimer {
		return this.#host.timer(ms, () => this.#stop(new TimedOutError(what, ms)));
	}

	async #run(): Promise<void> {
		const { connection, fresh } = this.#head;
		if (fresh) this.#fresh = await this.#pool.fresh(connection);
		const answered = await this.#follow(this.#fresh ?? (await this.#pool.agent(connection)));
		this.#untilHeaders?.cancel();
		const { body, statusCode } = answered.response;
		const encoding = this.#head.decompress && statusCode !== 204 && statusCode !== 304 && answered.hop.method !== 'HEAD';
		this.#body = new HttpBody(body, encoding ? decoded(body, headerOf(answered.headers, 'content-encoding')) : body, () => this.#close());
		await this.#body.promptly();
		this.#deliver(answered);
	}

	async #follow(agent: Agent): Promise<Answered> {
		const { method, origin, path, headers, redirect } = this.#head;
		let hop: Hop = { method, origin, path, headers, withBody: this.#content !== null };
		for (let count = 0; ; count++) {
			const response = await this.#send(agent, hop);
			// With `responseHeaders: 'raw'` they are names and values by turns, whatever the type says.
			const got = response.headers as unknown as string[];
			const location = redirect === 'manual' ? undefined : locationOf(response.statusCode, got);
			if (location === undefined) return { response, headers: got, hop, redirected: count > 0 };
			// A short body is read to the end, and undici takes one more turn of the loop before it uses a connection again.
			await response.body.dump({ limit: 65_536 });
			await new Promise((turn) => setImmediate(turn));
			if (redirect === 'error') {
				throw new GreenError(
					'ERR_UNEXPECTED_REDIRECT',
					`Cannot follow the redirect of ${hop.origin}${hop.path} to ${location}: redirect is 'error'`,
				);
			}
			hop = nextHop(hop, response.statusCode, location, count);
			if (hop.withBody && this.#content instanceof Upload) {
				throw new GreenError(
					'ERR_BODY_NOT_REPEATABLE',
					`Cannot follow the redirect to ${location}: it asks for the body again, which was sent in pieces`,
				);
			}
		}
	}

	#send(agent: Agent, hop: Hop): Promise<Dispatcher.ResponseData> {
		return agent.request({
			method: hop.method as Dispatcher.HttpMethod,
			origin: hop.origin,
			path: hop.path,
			headers: hop.headers.filter((_, index) => !FRAMING.has((hop.headers[index - (index % 2)] as string).toLowerCase())),
			body: hop.withBody ? this.#content : null,
			signal: this.#abort.signal,
			reset: this.#head.fresh,
			responseHeaders: 'raw',
			highWaterMark: 16_384,
		});
	}

	#deliver({ response, headers, hop, redirected }: Answered): void {
		if (this.#over) return;
		const bytes = this.#body?.whole();
		const whole = bytes !== undefined;
		if (!whole && this.#handle === 0) {
			// Without a handle nobody but the waiting greenlet can come back; it has not been called off, or this would be over.
			this.#handle = this.#host.own((this.#waiter as HubRequest).owner, this);
		}
		const head = {
			status: response.statusCode,
			statusText: response.statusText,
			headers,
			url: hop.origin + hop.path,
			redirected,
			handle: whole ? 0 : this.#handle,
		};
		if (whole) this.#end();
		this.#tell({ frame: pack(head, bytes ?? null), whole });
	}

	/** Tells the waiting greenlet; when none is waiting yet, keeps it for the one that will ask. */
	#tell(outcome: Outcome): void {
		this.#outcome = outcome;
		const waiter = this.#waiter;
		if (!waiter) return;
		this.#waiter = undefined;
		const taken = 'error' in outcome ? waiter.reject(outcome.error) : waiter.resolve(outcome.frame);
		if (!taken) this.#stop(new ClosedError(`Nobody took the response: ${this.kind}`));
		if (!taken || 'error' in outcome || outcome.whole) this.#close();
	}

	/** Ends everything with `error`, which goes to whoever waits, or will. */
	#stop(error: unknown): void {
		if (this.#over) return;
		this.#end();
		this.#abort.abort(error);
		if (this.#content instanceof Upload) this.#content.destroy();
		this.#body?.destroy(error);
		if (!this.#outcome) this.#tell({ error });
	}

	/** Nothing more is to come from the network. */
	#end(): void {
		this.#over = true;
		this.#total?.cancel();
		this.#untilHeaders?.cancel();
		// Ends when its connection is idle, and nobody waits for that.
		this.#fresh?.close(() => undefined);
	}

	/** The greenlet has all it can get, and needs the handle no more. */
	#close(): void {
		if (!this.#over) this.#end();
		if (this.#handle !== 0) this.#host.release(this.#handle);
	}
}
