import { duration } from '../engine/duration.js';
import { argumentError, shown } from './argument-error.js';
import type { HeaderInit } from './header-map.js';
import type { ConnectionMessage, RedirectMode, RequestHead } from './http-messages.js';
import type { RequestBody } from './request-body.js';

/** Options of the connection, as `tls.connect` and `net.connect` take them. */
export interface ConnectionOptions {
	/** Trusted certificates in PEM; default: Node's own list. */
	ca?: string | Buffer | readonly (string | Buffer)[];
	/** Client certificate in PEM. */
	cert?: string | Buffer | readonly (string | Buffer)[];
	/** Private key in PEM. */
	key?: string | Buffer | readonly (string | Buffer)[];
	/** Password of the private key. */
	passphrase?: string;
	/** Whether a certificate that cannot be verified ends the request; default true. */
	rejectUnauthorized?: boolean;
	/** Name for the certificate, when it is not the host's. */
	servername?: string;
	ciphers?: string;
	minVersion?: string;
	maxVersion?: string;
	/** Unix socket to connect to instead of host and port. */
	socketPath?: string;
	/** Address to connect from. */
	localAddress?: string;
	/** 4 or 6 to use addresses of that family only; default: both. */
	family?: number;
}

/** What both kinds of request take. Durations are milliseconds; 0 or `undefined` means no limit unless said otherwise. */
export interface ExchangeOptions extends ConnectionOptions {
	/** Default `GET`. */
	method?: string | undefined;
	headers?: HeaderInit | undefined;
	/** Default: none. A generator or a socket is sent in pieces, at the pace at which the server takes them. */
	body?: RequestBody | null | undefined;
	/** Limit of the whole exchange, the body of the response included. */
	timeout?: number | undefined;
	/** Limit of the wait for the headers of the response; default 300,000. */
	headersTimeout?: number | undefined;
	/** Limit of the wait of each read of the response's body; default 300,000. */
	bodyTimeout?: number | undefined;
	/** `follow` up to 20 redirects, return the redirecting response (`manual`), or throw (`error`). Default: `manual` as `http.request` does, `follow` for `fetchSync`. */
	redirect?: RedirectMode | undefined;
	/** Undo gzip, deflate and br. Default: false as `http.request` does, true for `fetchSync`. */
	decompress?: boolean | undefined;
	/** Never: an event cannot reach a parked greenlet. Use `timeout`. */
	signal?: null | undefined;
}

/** Options of `requestSync`: those of `http.request` that mean something for a blocking call, and the body. */
export interface SyncRequestOptions extends ExchangeOptions {
	/** `http:` (default) or `https:`. */
	protocol?: string | null | undefined;
	/** Default `localhost`. */
	host?: string | null | undefined;
	/** The same, and stronger than `host`. */
	hostname?: string | null | undefined;
	/** Default 80 or 443. */
	port?: number | string | null | undefined;
	/** Default `/`. */
	path?: string | null | undefined;
	/** `user:password` for basic authentication. */
	auth?: string | null | undefined;
	/** `false` for a connection of its own that is closed afterwards; default: the pool of the hub. */
	agent?: false | undefined;
}

/** As undici and browsers do: a server that never answers must not hold a greenlet for ever. */
const DEFAULT_WAIT_MS = 300_000;

const TOKEN = /^[\w!#$%&'*+.^`|~-]+$/;
const BAD_VALUE = /[^\t\x20-\x7e\x80-\xff]/;
const BAD_PATH = /[^\x21-\xff]/;

/** Headers as `fetchSync` and `requestSync` accept them, as names and values by turns. */
export function rawHeaders(init: HeaderInit | undefined): string[] {
	const raw: string[] = [];
	if (init === undefined) return raw;
	if (typeof init !== 'object' || init === null) {
		throw argumentError('ERR_INVALID_ARG_TYPE', `Cannot send headers: they must be an object or pairs, got ${shown(init)}`);
	}
	const flat = Array.isArray(init) && typeof init[0] === 'string';
	const pairs = flat ? inTwos(init as readonly string[]) : Symbol.iterator in init ? init : Object.entries(init);
	for (const [name, value] of pairs as Iterable<readonly [string, unknown]>) {
		if (value === undefined) continue;
		for (const one of Array.isArray(value) ? value : [value]) raw.push(checkName(name), checkValue(name, String(one)));
	}
	return raw;
}

function* inTwos(flat: readonly string[]): Generator<[string, string]> {
	if (flat.length % 2 !== 0) {
		throw argumentError(
			'ERR_INVALID_ARG_VALUE',
			`Cannot send headers: a flat list takes names and values by turns, got ${flat.length} items`,
		);
	}
	for (let i = 0; i < flat.length; i += 2) yield [flat[i] as string, flat[i + 1] as string];
}

function checkName(name: string): string {
	if (typeof name === 'string' && TOKEN.test(name)) return name;
	throw argumentError('ERR_INVALID_HTTP_TOKEN', `Cannot send headers: ${shown(name)} is not a header name`);
}

function checkValue(name: string, value: string): string {
	if (!BAD_VALUE.test(value)) return value;
	throw argumentError(
		'ERR_INVALID_CHAR',
		`Cannot send headers: the value of ${name} has a character that is not allowed there, got ${shown(value)}`,
	);
}

/** Whether `raw` has a header of that lower-case name. */
export function hasHeader(raw: readonly string[], name: string): boolean {
	return raw.some((item, index) => index % 2 === 0 && item.toLowerCase() === name);
}

/** The parts of a `RequestHead` that do not depend on which function was called. */
export function exchangeHead(options: ExchangeOptions, caller: string): Omit<RequestHead, 'origin' | 'path' | 'fresh'> {
	if (options.signal !== undefined && options.signal !== null) {
		throw argumentError(
			'ERR_INVALID_ARG_VALUE',
			`Cannot use a signal in ${caller}(): its event cannot fire while this greenlet is parked. Use timeout, or kill the greenlet`,
		);
	}
	return {
		method: methodOf(options.method ?? 'GET', caller),
		headers: rawHeaders(options.headers),
		redirect: redirectOf(options.redirect ?? 'manual', caller),
		decompress: options.decompress ?? false,
		timeoutMs: limit(options.timeout, 'timeout'),
		headersTimeoutMs: limit(options.headersTimeout ?? DEFAULT_WAIT_MS, 'headersTimeout'),
		bodyTimeoutMs: limit(options.bodyTimeout ?? DEFAULT_WAIT_MS, 'bodyTimeout'),
		connection: connectionOf(options),
	};
}

function methodOf(method: unknown, caller: string): string {
	if (typeof method !== 'string')
		throw argumentError('ERR_INVALID_ARG_TYPE', `Cannot call ${caller}(): method must be a string, got ${shown(method)}`);
	if (!TOKEN.test(method)) throw argumentError('ERR_INVALID_HTTP_TOKEN', `Cannot call ${caller}(): ${shown(method)} is not a method`);
	if (method.toUpperCase() === 'CONNECT') {
		throw argumentError(
			'ERR_INVALID_ARG_VALUE',
			`Cannot call ${caller}(): CONNECT turns the connection into a tunnel. Use connectSync of tsgevent/net`,
		);
	}
	return method;
}

function redirectOf(mode: RedirectMode, caller: string): RedirectMode {
	if (mode === 'follow' || mode === 'manual' || mode === 'error') return mode;
	throw argumentError(
		'ERR_INVALID_ARG_VALUE',
		`Cannot call ${caller}(): redirect must be 'follow', 'manual' or 'error', got ${shown(mode)}`,
	);
}

/** Messages say 0 for no limit. */
function limit(ms: number | undefined, name: string): number {
	return Math.max(0, duration(ms, name));
}

const CONNECTION_KEYS = [
	'ca',
	'cert',
	'key',
	'passphrase',
	'rejectUnauthorized',
	'servername',
	'ciphers',
	'minVersion',
	'maxVersion',
	'socketPath',
	'localAddress',
	'family',
] as const satisfies readonly (keyof ConnectionOptions)[];

function connectionOf(options: ConnectionOptions): ConnectionMessage {
	const connection: Record<string, string | number | boolean | readonly string[]> = {};
	for (const key of CONNECTION_KEYS) {
		const value = options[key];
		if (value !== undefined && value !== null) connection[key] = typeof value === 'object' ? pems(value) : value;
	}
	return connection;
}

/** PEM is text; buffers would make the message dear and useless as a key of the pool. */
function pems(value: Buffer | readonly (string | Buffer)[]): string | readonly string[] {
	return Array.isArray(value) ? value.map((one: string | Buffer) => one.toString()) : value.toString();
}

/** Checks what `http.request` calls a path. */
export function pathOf(path: string, caller: string): string {
	if (BAD_PATH.test(path))
		throw argumentError(
			'ERR_UNESCAPED_CHARACTERS',
			`Cannot call ${caller}(): the path has characters that must be escaped, got ${shown(path)}`,
		);
	return path.startsWith('/') ? path : `/${path}`;
}

/** Protocol, host and port as one string. */
export function originOf(options: SyncRequestOptions, caller: string): string {
	const protocol = options.protocol ?? 'http:';
	if (protocol !== 'http:' && protocol !== 'https:') {
		throw argumentError(
			'ERR_INVALID_PROTOCOL',
			`Cannot call ${caller}(): the protocol must be 'http:' or 'https:', got ${shown(protocol)}`,
		);
	}
	const host = options.hostname ?? options.host ?? 'localhost';
	if (typeof host !== 'string')
		throw argumentError('ERR_INVALID_ARG_TYPE', `Cannot call ${caller}(): host must be a string, got ${shown(host)}`);
	const port = options.port ?? '';
	const bracketed = host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
	const origin = `${protocol}//${bracketed || 'localhost'}${port === '' ? '' : `:${port}`}`;
	if (!URL.canParse(origin)) throw argumentError('ERR_INVALID_ARG_VALUE', `Cannot call ${caller}(): ${shown(origin)} is not an address`);
	return new URL(origin).origin;
}
