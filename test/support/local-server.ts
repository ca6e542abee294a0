import { once } from 'node:events';
import type http from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock } from '../../src/clock.js';
import { type Config, makeConfig } from '../../src/server/config/config.js';
import { AsyncBridge, type AsyncBridgeOptions } from '../../src/server/http/async-bridge.js';
import { createHttpServer } from '../../src/server/http/create-server.js';
import type { Access, Log } from '../../src/server/log/log.js';
import type { App } from '../../src/server/worker/app-loader.js';
import { RawClient } from './server.js';

const DEADLINE_MS = 30_000;

/** A log that tests can read, and wait for. */
export class ReadableLog implements Log {
	readonly lines: string[] = [];
	#watchers: (() => void)[] = [];

	debug(_text: string): void {
		// Not for these tests.
	}

	readonly info = (text: string): void => this.#add(`INFO ${text}`);
	readonly warning = (text: string): void => this.#add(`WARNING ${text}`);
	readonly error = (text: string, cause?: unknown): void => this.#add(`ERROR ${text}${cause instanceof Error ? `\n${cause.stack}` : ''}`);
	readonly critical = this.error;

	#add(line: string): void {
		this.lines.push(line);
		for (const tell of this.#watchers.splice(0)) tell();
	}

	/** Waits for a line, with a deadline that shows the log. */
	async logged(pattern: RegExp): Promise<string> {
		const deadline = AbortSignal.timeout(DEADLINE_MS);
		for (;;) {
			const found = this.lines.find((line) => pattern.test(line));
			if (found !== undefined) return found;
			await new Promise<void>((resolve, reject) => {
				this.#watchers.push(resolve);
				deadline.onabort = () => reject(new Error(`Nothing like ${pattern} was logged:\n${this.lines.join('\n')}`));
			});
		}
	}
}

/** What an access log has heard, and the texts that it may only ask for later. */
export type HeardAccess = Omit<Access, 'head'> & { readonly head: string };

/** What a test may want of a `LocalServer` beside its settings. */
export type LocalServerOptions = Partial<AsyncBridgeOptions> & {
	readonly wantsRequestId?: boolean;
	/** For the deadlines of requests and clients; default: Node's own timers. */
	readonly clock?: Clock;
};

/** The server of an `async` worker in this process, which nothing but `dispose` ends. */
export class LocalServer implements AsyncDisposable {
	readonly log = new ReadableLog();
	readonly accesses: HeardAccess[] = [];
	readonly http: http.Server;
	readonly #bridge: AsyncBridge;
	#heard: () => void = () => undefined;

	private constructor(handler: App, settings: Partial<Config>, options: LocalServerOptions) {
		const record = (access: Access) => {
			this.accesses.push({ ...access, head: access.head() });
			this.#heard();
		};
		const access = { wantsRequestId: options.wantsRequestId ?? false, record };
		this.http = createHttpServer(makeConfig(settings), this.log, access, options.clock);
		this.#bridge = new AsyncBridge(this.http, handler, { log: this.log, ...options });
	}

	/** Starts it on a free port of the loopback, or at `path`. */
	static async start(
		handler: App,
		settings: Partial<Config> = {},
		options: LocalServerOptions & { readonly path?: string } = {},
	): Promise<LocalServer> {
		const server = new LocalServer(handler, settings, options);
		if (options.path === undefined) server.http.listen(0, '127.0.0.1');
		else server.http.listen(options.path);
		await once(server.http, 'listening');
		return server;
	}

	get port(): number {
		return (this.http.address() as AddressInfo).port;
	}

	connect(): Promise<RawClient> {
		return RawClient.connect(this.port);
	}

	/** Sends text as it is and returns everything up to the end of the connection. */
	async exchange(text: string): Promise<string> {
		using client = await this.connect();
		client.socket.write(text);
		return await client.end();
	}

	/** Waits until the access log has heard of `count` requests. */
	async heard(count: number): Promise<readonly HeardAccess[]> {
		const deadline = AbortSignal.timeout(DEADLINE_MS);
		while (this.accesses.length < count) {
			await new Promise<void>((resolve, reject) => {
				this.#heard = resolve;
				deadline.onabort = () => reject(new Error(`${this.accesses.length} of ${count} requests were heard of`));
			});
		}
		return this.accesses;
	}

	async [Symbol.asyncDispose](): Promise<void> {
		this.#bridge.close();
		this.http.close();
		this.http.closeAllConnections();
		await once(this.http, 'close');
	}
}
