import { HeaderMap } from './header-map.js';
import type { ResponseHead } from './http-messages.js';
import { SyncBody } from './sync-body.js';

/**
 * The response to a blocking request, with the shape of fetch's `Response` and methods that return instead of promising.
 * A short body has come along with the headers; of a longer one the hub holds at most 64 KB ahead.
 * Lives in the greenlet that made the request; what is left of the body is given up when that greenlet ends.
 * @example
 * ```js
 * import { fetchSync } from 'tsgevent/http';
 * export function temperature(city) {
 *   const response = fetchSync(`http://weather.example/${city}`, { timeout: 2_000 });
 *   if (!response.ok) throw new Error(`No weather for ${city}: ${response.status}`);
 *   return response.json().temperature;
 * }
 * ```
 */
export class SyncResponse implements Iterable<Buffer> {
	/** As in `200`. */
	readonly status: number;
	/** As in `OK`; empty when the server sent none. */
	readonly statusText: string;
	readonly headers: HeaderMap;
	/** Address of the last request, after redirects. */
	readonly url: string;
	/** Whether a redirect was followed. */
	readonly redirected: boolean;
	/** The body as a stream with blocking reads. */
	readonly body: SyncBody;

	/** Made by `requestSync`, `getSync` and `fetchSync`. */
	constructor(head: ResponseHead, bytes: Buffer) {
		this.status = head.status;
		this.statusText = head.statusText;
		this.headers = new HeaderMap(head.headers);
		this.url = head.url;
		this.redirected = head.redirected;
		this.body = new SyncBody(bytes, head.handle);
	}

	/** Whether the status is between 200 and 299. */
	get ok(): boolean {
		return this.status >= 200 && this.status <= 299;
	}

	/** Whether the body was asked for; it can be only once. */
	get bodyUsed(): boolean {
		return this.body.used;
	}

	/**
	 * The whole body. Switches unless it is here already.
	 * @throws TypeError the body was asked for before
	 * @throws the same as `SyncBody#read`
	 */
	bytes(): Buffer {
		if (this.body.used) throw new TypeError(`Cannot read the body of ${this.url}: it was read before`);
		return this.body.readAll();
	}

	/** The whole body in an `ArrayBuffer` of its own; otherwise as `bytes`. */
	arrayBuffer(): ArrayBuffer {
		return Uint8Array.from(this.bytes()).buffer;
	}

	/** The whole body as UTF-8 text without its byte order mark; otherwise as `bytes`. */
	text(): string {
		return new TextDecoder().decode(this.bytes());
	}

	/**
	 * The whole body, parsed as JSON; otherwise as `bytes`. The type is the caller's claim, as with `JSON.parse`.
	 * @throws SyntaxError the body is not JSON
	 */
	json<T = unknown>(): T {
		return JSON.parse(this.text()) as T;
	}

	/** Gives the body in pieces, as they come. */
	[Symbol.iterator](): Iterator<Buffer> {
		return this.body[Symbol.iterator]();
	}

	/** Gives up what is left of the body. Never switches; may be repeated. */
	close(): void {
		this.body.close();
	}

	[Symbol.dispose](): void {
		this.close();
	}
}
