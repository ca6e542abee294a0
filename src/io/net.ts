import { duration } from '../engine/duration.js';
import { block } from '../engine/engine.js';
import { argumentError } from './argument-error.js';
import { Listener } from './net-listener.js';
import { CONNECT, type ConnectMessage, LISTEN, type ListenMessage, NONE } from './net-messages.js';
import { Socket } from './net-socket.js';

export { IncompleteReadError, ReadLimitError } from '../errors.js';
export { type AcceptOptions, Listener } from './net-listener.js';
export type { ListenerAddress } from './net-messages.js';
export { type LineEncoding, type ReadAllOptions, type ReadLineOptions, type ReadUntilOptions, Socket } from './net-socket.js';

/** Where and how to connect: `net.connect`'s options that make sense for a blocking socket. */
export interface ConnectOptions {
	/** Required, unless there is a `path`. */
	readonly port?: number | undefined;
	/** Name or address; default `'localhost'`. */
	readonly host?: string | undefined;
	/** A Unix path; then host and port do not count. */
	readonly path?: string | undefined;
	/** IP version for a name: 4, 6, or 0, the default, for both. */
	readonly family?: number | undefined;
	/** `dns.lookup` hints. */
	readonly hints?: number | undefined;
	/** This end's address; default: the system chooses. */
	readonly localAddress?: string | undefined;
	/** This end's port; default: the system chooses. */
	readonly localPort?: number | undefined;
	/** Milliseconds until the attempt fails with `ETIMEDOUT`; default 0, the system's limit. `setTimeout` limits what comes after. */
	readonly timeout?: number | undefined;
	/** `TCP_NODELAY`; default false. */
	readonly noDelay?: boolean | undefined;
	/** Keep-alive probes; default false. */
	readonly keepAlive?: boolean | undefined;
	/** Milliseconds before the first probe; default 0, the system's. */
	readonly keepAliveInitialDelay?: number | undefined;
	/** False ends this side too when the peer ends; default true, unlike `net.connect`: a blocking caller says itself when it is done. */
	readonly allowHalfOpen?: boolean | undefined;
	/** Try the addresses of a name in turn (RFC 8305); default: Node's. */
	readonly autoSelectFamily?: boolean | undefined;
	/** Milliseconds for one of them; default: Node's. */
	readonly autoSelectFamilyAttemptTimeout?: number | undefined;
}

/** Where and how to listen: the options of `net.createServer` and `server.listen` that make sense for a blocking listener. */
export interface ListenOptions {
	/** Default 0: the system chooses, and `address()` tells. */
	readonly port?: number | undefined;
	/** Name or address; default: all, IPv6 and IPv4. */
	readonly host?: string | undefined;
	/** A Unix path; then host and port do not count. */
	readonly path?: string | undefined;
	/** How many connections may wait to be accepted, in the kernel and again on the hub; default 511. */
	readonly backlog?: number | undefined;
	/** No IPv4 on `::`; default false. */
	readonly ipv6Only?: boolean | undefined;
	/** Share the port with other processes, on Node 22.12 and later; default false. */
	readonly reusePort?: boolean | undefined;
	/** Unix path: everybody may read; default false. */
	readonly readableAll?: boolean | undefined;
	/** Unix path: everybody may write; default false. */
	readonly writableAll?: boolean | undefined;
	/** False ends a connection's own side when its peer ends; default true. */
	readonly allowHalfOpen?: boolean | undefined;
	/** `TCP_NODELAY` on every connection; default false. */
	readonly noDelay?: boolean | undefined;
	/** Keep-alive probes on every connection; default false. */
	readonly keepAlive?: boolean | undefined;
	/** Milliseconds before the first probe; default 0, the system's. */
	readonly keepAliveInitialDelay?: number | undefined;
}

const CONNECT_KEYS = [
	'port',
	'host',
	'path',
	'family',
	'hints',
	'localAddress',
	'localPort',
	'noDelay',
	'keepAlive',
	'keepAliveInitialDelay',
	'allowHalfOpen',
	'autoSelectFamily',
	'autoSelectFamilyAttemptTimeout',
] as const satisfies readonly (keyof ConnectMessage)[];

const LISTEN_KEYS = [
	'port',
	'host',
	'path',
	'backlog',
	'ipv6Only',
	'reusePort',
	'readableAll',
	'writableAll',
	'allowHalfOpen',
	'noDelay',
	'keepAlive',
	'keepAliveInitialDelay',
] as const satisfies readonly (keyof ListenMessage)[];

/** Node options that hold something of the caller's thread, which the hub cannot use. */
const LOCAL_KEYS = ['lookup', 'onread', 'handle', 'fd', 'blockList'];

/**
 * Connects and returns the socket: the blocking twin of `net.connect`, with its arguments. Parks the greenlet until
 * the connection stands; may be called in any greenlet.
 * @throws Error `ECONNREFUSED`, `ENOTFOUND`, `ENOENT` and the system's other errors; for a name with several addresses an
 * `AggregateError` with the first one's code, as Node's
 * @throws TimedOutError `ETIMEDOUT` when `timeout` milliseconds have passed
 * @throws TypeError for bad options, with Node's codes
 * @example
 * ```ts
 * using socket = connectSync({ host: '127.0.0.1', port: 8080, timeout: 5_000 });
 * socket.write('GET / HTTP/1.0\r\n\r\n');
 * console.log(socket.readLine()); // HTTP/1.1 200 OK
 * ```
 */
export function connectSync(options: ConnectOptions): Socket;
export function connectSync(port: number, host?: string): Socket;
export function connectSync(path: string): Socket;
export function connectSync(where: ConnectOptions | number | string, host?: string): Socket {
	const options: ConnectOptions = normalize(where, host);
	refuseLocal('connectSync', options);
	const timeoutMs = duration(options.timeout, 'timeout') || NONE;
	return new Socket(block(CONNECT, timeoutMs, { allowHalfOpen: true, ...pick(options, CONNECT_KEYS) }));
}

/**
 * Listens and returns the listener: the blocking twin of `net.createServer` and `server.listen`, with the latter's
 * arguments. Parks the greenlet until the socket listens; may be called in any greenlet.
 * @throws Error `EADDRINUSE`, `EACCES` and the system's other errors
 * @throws TypeError for bad options, with Node's codes
 * @example
 * ```ts
 * using listener = listenSync({ port: 0, host: '127.0.0.1' });
 * console.log(listener.address());
 * ```
 */
export function listenSync(options?: ListenOptions): Listener;
export function listenSync(port: number, host?: string, backlog?: number): Listener;
export function listenSync(path: string, backlog?: number): Listener;
export function listenSync(where: ListenOptions | number | string = {}, host?: string | number, backlog?: number): Listener {
	const options: ListenOptions = typeof host === 'number' ? { ...normalize(where), backlog: host } : { backlog, ...normalize(where, host) };
	refuseLocal('listenSync', options);
	const picked = pick(options, LISTEN_KEYS);
	return new Listener(block(LISTEN, picked.path === undefined ? { port: 0, ...picked } : picked));
}

/** Node's rule: a number, or a string that is one, is a port; any other string is a path. */
function normalize(where: ConnectOptions | number | string, host?: string): ConnectOptions & ListenOptions {
	if (typeof where === 'object' && where !== null) return where;
	if (typeof where === 'string' && !isPort(where)) return { path: where };
	return host === undefined ? { port: where as number } : { port: where as number, host };
}

function isPort(text: string): boolean {
	return text !== '' && Number(text) >= 0;
}

function refuseLocal(caller: string, options: object): void {
	const { signal } = options as { signal?: AbortSignal };
	signal?.throwIfAborted();
	if (signal) {
		throw argumentError('ERR_INVALID_ARG_VALUE', `Cannot call ${caller} with a signal: it can never fire in a parked thread; use timeout`);
	}
	for (const key of LOCAL_KEYS) {
		if ((options as Record<string, unknown>)[key] === undefined) continue;
		throw argumentError('ERR_INVALID_ARG_VALUE', `Cannot call ${caller} with the option ${key}: the hub has the socket`);
	}
}

function pick<T extends object, K extends keyof T>(options: T, keys: readonly K[]): { [key in K]?: Exclude<T[key], undefined> } {
	const picked: { [key in K]?: Exclude<T[key], undefined> } = {};
	for (const key of keys) if (options[key] !== undefined) picked[key] = options[key] as Exclude<T[K], undefined>;
	return picked;
}
