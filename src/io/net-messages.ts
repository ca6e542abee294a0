import { operation } from '../engine/operation.js';

/** No limit, no number, no timeout: hot messages carry numbers only. */
export const NONE = -1;

/** What the hub passes to `net.connect`. */
export interface ConnectMessage {
	readonly host?: string;
	readonly port?: number;
	readonly path?: string;
	readonly family?: number;
	readonly hints?: number;
	readonly localAddress?: string;
	readonly localPort?: number;
	readonly noDelay?: boolean;
	readonly keepAlive?: boolean;
	readonly keepAliveInitialDelay?: number;
	readonly allowHalfOpen?: boolean;
	readonly autoSelectFamily?: boolean;
	readonly autoSelectFamilyAttemptTimeout?: number;
}

/** What the hub passes to `server.listen`, and to the server about the connections it takes. */
export interface ListenMessage {
	readonly host?: string;
	readonly port?: number;
	readonly path?: string;
	readonly backlog?: number;
	readonly ipv6Only?: boolean;
	readonly reusePort?: boolean;
	readonly readableAll?: boolean;
	readonly writableAll?: boolean;
	readonly allowHalfOpen?: boolean;
	readonly noDelay?: boolean;
	readonly keepAlive?: boolean;
	readonly keepAliveInitialDelay?: number;
}

/** Both ends of a connection; a Unix path has no numbers, and the fields are absent. */
export interface Endpoints {
	readonly localAddress?: string;
	readonly localPort?: number;
	readonly localFamily?: string;
	readonly remoteAddress?: string;
	readonly remotePort?: number;
	readonly remoteFamily?: string;
}

/** A connection that now belongs to the asking greenlet. */
export interface Opened {
	readonly handle: number;
	readonly endpoints: Endpoints;
}

/** Where a listener listens: as `server.address()` says, a string for a Unix path. */
export type ListenerAddress = string | { readonly address: string; readonly family: string; readonly port: number };

/** A listener that now belongs to the asking greenlet. */
export interface Listening {
	readonly handle: number;
	readonly address: ListenerAddress;
}

type Timed = readonly [handle: number, timeoutMs: number];

export const CONNECT = operation<[timeoutMs: number, options: ConnectMessage], Opened>(32, 'connectSync');
export const LISTEN = operation<[options: ListenMessage], Listening>(33, 'listenSync');
export const ACCEPT = operation<Timed, Opened>(34, 'Listener.accept');
export const CLOSE_LISTENER = operation<[handle: number], undefined>(35, 'Listener.close');

/** Up to `max` bytes, at least one; null at the end. */
export const READ = operation<[...Timed, max: number], Buffer | null>(36, 'Socket.read');
/** `count` bytes; fewer, or null, when the stream ended before. */
export const READ_EXACTLY = operation<[...Timed, count: number], Buffer | null>(37, 'Socket.readExactly');
/** Bytes up to and including the separator; without it, or null, when the stream ended before. */
export const READ_UNTIL = operation<[...Timed, maxLength: number, separator: Buffer], Buffer | null>(38, 'Socket.readUntil');
/** As `READ_UNTIL`; apart so that a wait shows under the name the caller used. */
export const READ_LINE = operation<[...Timed, maxLength: number, separator: Buffer], Buffer | null>(39, 'Socket.readLine');
/** Everything to the end of the stream. */
export const READ_ALL = operation<[...Timed, maxLength: number], Buffer>(40, 'Socket.readAll');
/** Answered when the operating system has taken all of `data`. */
export const WRITE = operation<[...Timed, data: Buffer], undefined>(41, 'Socket.write');
export const END = operation<Timed, undefined>(42, 'Socket.end');
export const CLOSE_SOCKET = operation<[handle: number], undefined>(43, 'Socket.close');
export const RELEASE_SOCKET = operation<[handle: number], void>(44, 'Socket.release');
export const SET_NO_DELAY = operation<[handle: number, on: number], void>(45, 'Socket.setNoDelay');
export const SET_KEEP_ALIVE = operation<[handle: number, on: number, initialDelayMs: number], void>(46, 'Socket.setKeepAlive');
