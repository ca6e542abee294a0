import { block, engineFor } from '../engine/engine.js';
import { argumentError, shown } from './argument-error.js';
import { ABANDON, FINISH, pack, REQUEST, type RequestHead, type ResponseHead, SEND, UPLOAD, unpack } from './http-messages.js';
import { type ExchangeOptions, exchangeHead, hasHeader, originOf, pathOf, type SyncRequestOptions } from './http-request-options.js';
import { type PreparedBody, prepareBody, type RequestBody } from './request-body.js';
import { SyncResponse } from './sync-response.js';

export { type HeaderInit, HeaderMap } from './header-map.js';
export type { RedirectMode } from './http-messages.js';
export type { ConnectionOptions, ExchangeOptions, SyncRequestOptions } from './http-request-options.js';
export type { BlockingSource, RequestBody } from './request-body.js';
export { SyncBody } from './sync-body.js';
export { SyncResponse } from './sync-response.js';

/** Options of `fetchSync`: those of fetch that mean something for a blocking call, durations, and options of the connection. */
export type SyncFetchInit = ExchangeOptions;

/**
 * Sends an HTTP or HTTPS request and waits for the headers of the response: the blocking twin of `http.request`, with the same
 * arguments and, as there, no redirects and no decompression unless asked for. Connections are pooled by the hub. Switches.
 * Killing the greenlet, or a `Timeout` in it, aborts the request at the server.
 * @param url where to, or the options alone; options are stronger than parts of the address
 * @throws `ECONNREFUSED`, `ECONNRESET`, `ENOTFOUND` and the like as Node reports them, certificate errors too
 * @throws TimedOutError `ETIMEDOUT` after `timeout` or `headersTimeout`
 * @throws TypeError `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`, `ERR_INVALID_PROTOCOL`, ... for options that cannot be, a `signal` or a callback among them
 * @throws BlockingHubError `ERR_BLOCKING_HUB` on the hub
 * @throws WrongThreadError `ERR_WRONG_THREAD` in a `Worker` of the app's own
 * @example
 * ```js
 * import { requestSync } from 'tsgevent/http';
 * export function store(name, bytes) {
 *   const response = requestSync(`http://files.example/${name}`, { method: 'PUT', body: bytes });
 *   if (response.status !== 201) throw new Error(`Cannot store ${name}: ${response.status} ${response.text()}`);
 * }
 * ```
 */
export function requestSync(options: SyncRequestOptions): SyncResponse;
export function requestSync(url: string | URL, options?: SyncRequestOptions): SyncResponse;
export function requestSync(url: string | URL | SyncRequestOptions, options?: SyncRequestOptions): SyncResponse {
	return request('requestSync', url, options);
}

/**
 * `requestSync` with the method `GET`: the blocking twin of `http.get`.
 * @throws the same as `requestSync`
 * @example
 * ```js
 * import { getSync } from 'tsgevent/http';
 * export const front = () => getSync('http://127.0.0.1:8000/').text();
 * ```
 */
export function getSync(options: SyncRequestOptions): SyncResponse;
export function getSync(url: string | URL, options?: SyncRequestOptions): SyncResponse;
export function getSync(url: string | URL | SyncRequestOptions, options?: SyncRequestOptions): SyncResponse {
	return request('getSync', url, options);
}

/**
 * Fetches `url` and waits for the headers of the response: the blocking twin of `fetch`. Follows redirects and decompresses by
 * itself. Unlike `fetch` it throws the error that happened, with its `code`, and takes a `timeout` instead of a `signal`. Switches.
 * @throws `ERR_TOO_MANY_REDIRECTS` after 20 redirects
 * @throws the same as `requestSync`
 * @example
 * ```js
 * import { fetchSync } from 'tsgevent/http';
 * export const user = (id) => fetchSync(`https://api.example/users/${id}`, { timeout: 5_000 }).json();
 * ```
 */
export function fetchSync(url: string | URL, init: SyncFetchInit = {}): SyncResponse {
	const target = new URL(url);
	if (target.username || target.password)
		throw new TypeError(`Cannot fetch ${target.origin}: the address holds credentials. Send an authorization header`);
	const head = exchangeHead({ redirect: 'follow', decompress: true, ...init, method: fetchMethod(init.method) }, 'fetchSync');
	const body = prepareBody(init.body, 'fetchSync');
	if ((head.method === 'GET' || head.method === 'HEAD') && (body.whole || body.pieces)) {
		throw new TypeError(`Cannot fetch ${target.href}: a request with the method ${head.method} has no body`);
	}
	const headers = withDefaults(head.headers, { accept: '*/*', 'user-agent': 'tsgevent', 'content-type': body.type });
	const origin = originOf({ protocol: target.protocol, host: target.hostname, port: target.port }, 'fetchSync');
	return perform(
		{ ...head, headers: accepting(headers, head.decompress), origin, path: target.pathname + target.search, fresh: false },
		body,
	);
}

const UPPERCASED = /^(?:delete|get|head|options|post|put)$/i;

/** fetch corrects the spelling of the methods it knows, and of no others. */
function fetchMethod(method = 'GET'): string {
	return UPPERCASED.test(method) ? method.toUpperCase() : method;
}

function request(caller: string, url: string | URL | SyncRequestOptions, extra: SyncRequestOptions | undefined): SyncResponse {
	const options: SyncRequestOptions = { ...fromUrl(url, caller), ...extra };
	if (typeof extra === 'function')
		throw argumentError('ERR_INVALID_ARG_TYPE', `Cannot use a callback in ${caller}(): it returns the response`);
	if (options.agent !== undefined && options.agent !== false) {
		throw argumentError(
			'ERR_INVALID_ARG_VALUE',
			`Cannot use an agent in ${caller}(): the hub owns the connections. Leave it out for the hub's pool, or use agent: false`,
		);
	}
	const head = exchangeHead(options, caller);
	const { auth } = options;
	const body = prepareBody(options.body as RequestBody | null | undefined, caller);
	const headers = withDefaults(head.headers, {
		authorization: auth ? `Basic ${Buffer.from(auth).toString('base64')}` : undefined,
		'content-type': options.body instanceof URLSearchParams ? body.type : undefined,
	});
	const path = pathOf(options.path ?? '/', caller);
	return perform(
		{ ...head, headers: accepting(headers, head.decompress), origin: originOf(options, caller), path, fresh: options.agent === false },
		body,
	);
}

/** As Node's `urlToHttpOptions`. */
function fromUrl(url: string | URL | SyncRequestOptions, caller: string): SyncRequestOptions {
	if (typeof url === 'string' || url instanceof URL) {
		const { protocol, hostname, port, pathname, search, username, password } = new URL(url);
		const auth = username || password ? `${decodeURIComponent(username)}:${decodeURIComponent(password)}` : undefined;
		return { protocol, hostname, port, path: pathname + search, auth };
	}
	if (typeof url === 'object' && url !== null) return url;
	throw argumentError('ERR_INVALID_ARG_TYPE', `Cannot call ${caller}(): the address must be a string, a URL or options, got ${shown(url)}`);
}

function withDefaults(headers: readonly string[], defaults: Readonly<Record<string, string | undefined>>): string[] {
	const all = [...headers];
	for (const [name, value] of Object.entries(defaults)) if (value !== undefined && !hasHeader(headers, name)) all.push(name, value);
	return all;
}

function accepting(headers: readonly string[], decompress: boolean): string[] {
	return withDefaults(headers, { 'accept-encoding': decompress ? 'gzip, deflate, br' : undefined });
}

function perform(head: RequestHead, body: PreparedBody): SyncResponse {
	const frame = body.pieces ? upload(head, body.pieces) : block(REQUEST, pack(head, body.whole));
	const response = unpack<ResponseHead>(frame);
	return new SyncResponse(response.head, response.bytes);
}

/** One blocking call a piece: the next one is asked for when the server has taken this one. */
function upload(head: RequestHead, pieces: Iterable<Buffer>): Buffer {
	const handle = block(UPLOAD, pack(head, null));
	try {
		for (const piece of pieces) if (block(SEND, handle, piece) === 0) break;
		return block(FINISH, handle);
	} catch (error) {
		// Whatever ended the upload, be it the caller's own generator, the server must not wait for the rest.
		engineFor(ABANDON.name).post(ABANDON, handle);
		throw error;
	}
}
