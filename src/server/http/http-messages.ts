import { operation } from '../../engine/operation.js';

/*
 * What a worker's hub and the greenlet of a request tell each other. The greenlet's `ServerResponse` owns the framing:
 * status line, headers, chunks and trailers travel as finished bytes, and the hub adds nothing to them.
 */

/** A greenlet that serves one request. Its result is the rest of the response, `null` when all of it has been sent. */
export const RUN_REQUEST = operation<
	[flags: number, remotePort: number, localPort: number, headLength: number, bytes: Buffer],
	Buffer | null
>(160, 'request');
/** The next bytes of the body; at its end `null`, or the trailers as text. */
export const BODY_READ = operation<[], Buffer | string | null>(161, 'readBodySync');
/** Bytes of the response; nobody waits until they have left. */
export const RESPONSE_DATA = operation<[bytes: Buffer], void>(162, 'res.write');
/** Bytes of the response; answered when the client has taken enough of what was sent so far. */
export const RESPONSE_WRITE = operation<[bytes: Buffer], void>(163, 'res.write');
/** The last bytes of the response, from a greenlet that goes on. */
export const RESPONSE_END = operation<[bytes: Buffer], void>(164, 'res.end');
/** Whether the connection ends with this response, where that is not what the request asked for. */
export const RESPONSE_LAST = operation<[last: number], void>(165, 'res.end');
/** Closes the connection in the middle of the response. */
export const RESPONSE_ABORT = operation<[], void>(166, 'res.destroy');
/** Answered when the client leaves (true) or the response has ended (false). */
export const CLIENT_WATCH = operation<[], boolean>(167, 'req.signal');
/** Whether the client has left. */
export const CLIENT_LEFT = operation<[], boolean>(168, 'req.signal');
/** Answered with true when nothing has moved on the connection for `ms` milliseconds; 0 calls it off. */
export const SOCKET_TIMEOUT = operation<[ms: number], boolean>(169, 'socket.setTimeout');
/** A greenlet without work: it finds out whether its thread has the app. */
export const WARM_UP = operation<[], void>(170, 'warm-up');
/** Parks a warm-up greenlet until enough threads have got that far. */
export const THREAD_READY = operation<[], void>(171, 'warm-up');

/** How much of a body or a response may wait on the way, in bytes. */
export const HIGH_WATER = 65_536;

// A request's flags: three bits, the version as two digits, and the seconds an idle connection is kept.
const KEEP_ALIVE = 1;
const MORE_BODY = 2;
const SECURE = 4;
const MINOR_SHIFT = 4;
const MAJOR_SHIFT = 8;
const SECONDS_SHIFT = 12;

/** What the flags of a request say. */
export interface RequestFlags {
	/** The connection may serve another request after this one. */
	readonly keepAlive: boolean;
	/** The body goes on after the bytes that came along. */
	readonly moreBody: boolean;
	/** The client spoke TLS, if only to a trusted proxy. */
	readonly secure: boolean;
	readonly major: number;
	readonly minor: number;
	/** For the `Keep-Alive` header of the response; 0 for none. */
	readonly keepAliveSeconds: number;
}

export function packFlags({ keepAlive, moreBody, secure, major, minor, keepAliveSeconds }: RequestFlags): number {
	return (
		(keepAlive ? KEEP_ALIVE : 0) |
		(moreBody ? MORE_BODY : 0) |
		(secure ? SECURE : 0) |
		(minor << MINOR_SHIFT) |
		(major << MAJOR_SHIFT) |
		(keepAliveSeconds << SECONDS_SHIFT)
	);
}

export function unpackFlags(flags: number): RequestFlags {
	return {
		keepAlive: (flags & KEEP_ALIVE) !== 0,
		moreBody: (flags & MORE_BODY) !== 0,
		secure: (flags & SECURE) !== 0,
		minor: (flags >> MINOR_SHIFT) & 15,
		major: (flags >> MAJOR_SHIFT) & 15,
		keepAliveSeconds: flags >> SECONDS_SHIFT,
	};
}

// The parser lets no line feed into a method, a target or a field, and hands all of them out as latin1.

/** Packs the texts of a request; half the price of JSON. */
export function packLines(method: string, url: string, remoteAddress: string, localAddress: string, fields: readonly string[]): string {
	const start = `${method}\n${url}\n${remoteAddress}\n${localAddress}`;
	return fields.length === 0 ? start : `${start}\n${fields.join('\n')}`;
}

/** Packs header or trailer fields alone. */
export function packFields(fields: readonly string[]): string {
	return fields.join('\n');
}

/** Takes packed texts apart. */
export function unpackLines(text: string): string[] {
	const lines: string[] = [];
	let start = 0;
	for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
		lines.push(text.slice(start, end));
		start = end + 1;
	}
	lines.push(text.slice(start));
	return lines;
}

/** The error of a call that waited for a client which has left: what Node itself gives. */
export function clientLeft(): NodeJS.ErrnoException {
	return Object.assign(new Error('aborted'), { code: 'ECONNRESET' });
}
