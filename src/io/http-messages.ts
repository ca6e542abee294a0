import { operation } from '../engine/operation.js';

/** What is done with a redirecting status. */
export type RedirectMode = 'follow' | 'manual' | 'error';

/** Options of the connection itself, those of `net.connect` and `tls.connect`: requests that agree on all of them share one pool. */
export type ConnectionMessage = Readonly<Record<string, string | number | boolean | readonly string[]>>;

/** A request without its body. Durations are milliseconds, 0 for no limit. */
export interface RequestHead {
	readonly method: string;
	/** Protocol, host and port. */
	readonly origin: string;
	readonly path: string;
	/** Names and values by turns, repeated names kept. */
	readonly headers: readonly string[];
	readonly redirect: RedirectMode;
	/** Undo `content-encoding`. */
	readonly decompress: boolean;
	/** From the start of the request to the end of the response's body. */
	readonly timeoutMs: number;
	/** From the start of the request to the final response's headers. */
	readonly headersTimeoutMs: number;
	/** The longest that one read of the body waits. */
	readonly bodyTimeoutMs: number;
	/** Do not use, nor leave behind, a connection of the pool. */
	readonly fresh: boolean;
	readonly connection: ConnectionMessage;
}

/** A response without its body. */
export interface ResponseHead {
	readonly status: number;
	readonly statusText: string;
	/** Names and values by turns, as they came. */
	readonly headers: readonly string[];
	/** Of the last request, after redirects. */
	readonly url: string;
	readonly redirected: boolean;
	/** Where the rest of the body is to be had; 0 when all of it came along. */
	readonly handle: number;
}

/**
 * A head and its bytes in one buffer, the cheapest thing on the wire: the length of the head, the head as JSON, the bytes.
 * Both directions use it, so that a small exchange is one message each way.
 */
export function pack(head: RequestHead | ResponseHead, bytes: Uint8Array | null): Buffer {
	const json = JSON.stringify(head);
	const length = Buffer.byteLength(json);
	const frame = Buffer.allocUnsafe(4 + length + (bytes?.byteLength ?? 0));
	frame.writeUInt32BE(length, 0);
	frame.write(json, 4);
	if (bytes) frame.set(bytes, 4 + length);
	return frame;
}

/** Takes apart what `pack` made; the bytes are a view of `frame`. */
export function unpack<Head extends RequestHead | ResponseHead>(frame: Buffer): { head: Head; bytes: Buffer } {
	const end = 4 + frame.readUInt32BE(0);
	return { head: JSON.parse(frame.toString('utf8', 4, end)) as Head, bytes: frame.subarray(end) };
}

/** Sends a request with its whole body; answers with the response's head, and its body too when that ends at once. */
export const REQUEST = operation<[request: Buffer], Buffer>(96, 'requestSync');
/** Starts a request whose body follows in pieces; answers with its handle. */
export const UPLOAD = operation<[request: Buffer], number>(97, 'requestSync');
/** A piece of the body, answered when there is room for the next: 1, or 0 when the server wants no more of it. */
export const SEND = operation<[handle: number, chunk: Buffer], number>(98, 'requestSync');
/** Ends the body; answers as `REQUEST` does. */
export const FINISH = operation<[handle: number], Buffer>(99, 'requestSync');
/** From `atLeast` to `max` bytes of the response's body; fewer, or null, at its end, where the handle ends too. */
export const READ_BODY = operation<[handle: number, atLeast: number, max: number], Buffer | null>(100, 'SyncResponse.read');
/** Calls off whatever the handle still does. */
export const ABANDON = operation<[handle: number], void>(101, 'SyncResponse.close');
