import { argumentError, shown } from './argument-error.js';

/** Something with blocking reads: a socket of `tsgevent/net`, or the body of another response. */
export interface BlockingSource {
	/** The next bytes; null at the end. */
	read(): Uint8Array | null;
}

/** What can be sent as the body of a request. */
export type RequestBody = string | ArrayBuffer | ArrayBufferView | URLSearchParams | Iterable<string | ArrayBufferView> | BlockingSource;

/** A body made ready: all its bytes, or the pieces it comes in. */
export interface PreparedBody {
	readonly whole: Buffer | null;
	readonly pieces: Iterable<Buffer> | null;
	/** What fetch calls its type; undefined for bytes. */
	readonly type?: string;
}

const NONE: PreparedBody = { whole: null, pieces: null };

/**
 * Sorts out what a caller wants to send.
 * @throws TypeError `ERR_INVALID_ARG_TYPE` for what can only be read asynchronously, or not at all
 */
export function prepareBody(body: RequestBody | null | undefined, caller: string): PreparedBody {
	if (body === null || body === undefined) return NONE;
	if (typeof body === 'string') return { whole: Buffer.from(body), pieces: null, type: 'text/plain;charset=UTF-8' };
	if (body instanceof URLSearchParams) {
		return { whole: Buffer.from(body.toString()), pieces: null, type: 'application/x-www-form-urlencoded;charset=UTF-8' };
	}
	const bytes = bytesOf(body);
	if (bytes) return { whole: bytes, pieces: null };
	const pieces = piecesOf(body, caller);
	if (pieces) return { whole: null, pieces };
	throw argumentError(
		'ERR_INVALID_ARG_TYPE',
		`Cannot send the body in ${caller}(): it must be a string, bytes, URLSearchParams, an iterable of chunks or have a blocking read(), got ${shown(body)}`,
	);
}

function bytesOf(value: unknown): Buffer | undefined {
	if (Buffer.isBuffer(value)) return value;
	if (ArrayBuffer.isView(value)) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
	if (value instanceof ArrayBuffer || value instanceof SharedArrayBuffer) return Buffer.from(value);
	return undefined;
}

function piecesOf(body: unknown, caller: string): Iterable<Buffer> | undefined {
	if (typeof body !== 'object' || body === null) return undefined;
	// Node's streams have a read() too, but one that needs this thread's loop to bring anything.
	if (Symbol.asyncIterator in body) return undefined;
	if (typeof (body as BlockingSource).read === 'function') return reads(body as BlockingSource);
	if (typeof (body as Iterable<unknown>)[Symbol.iterator] === 'function') return chunks(body as Iterable<unknown>, caller);
	return undefined;
}

function* reads(source: BlockingSource): Generator<Buffer> {
	for (let chunk = source.read(); chunk; chunk = source.read()) yield bytesOf(chunk) as Buffer;
}

function* chunks(source: Iterable<unknown>, caller: string): Generator<Buffer> {
	for (const chunk of source) {
		const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : bytesOf(chunk);
		if (!bytes)
			throw argumentError(
				'ERR_INVALID_ARG_TYPE',
				`Cannot send the body in ${caller}(): its chunks must be strings or bytes, got ${shown(chunk)}`,
			);
		if (bytes.length > 0) yield bytes;
	}
}
