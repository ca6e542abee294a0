import { type Duplex, pipeline, type Readable, Transform } from 'node:stream';
import { constants, createBrotliDecompress, createGunzip, createInflate, createInflateRaw } from 'node:zlib';

/** A server may chain encodings; more than this is an attack. */
const MOST_ENCODINGS = 5;

// Some servers leave out the end of the compressed data; what came is delivered then, as browsers do.
const ZLIB = { flush: constants.Z_SYNC_FLUSH, finishFlush: constants.Z_SYNC_FLUSH };
const BROTLI = { flush: constants.BROTLI_OPERATION_FLUSH, finishFlush: constants.BROTLI_OPERATION_FLUSH };

const DECODERS: Readonly<Record<string, () => Duplex>> = {
	gzip: () => createGunzip(ZLIB),
	'x-gzip': () => createGunzip(ZLIB),
	br: () => createBrotliDecompress(BROTLI),
	deflate: () => Transform.from(inflate) as Duplex,
};

/** `deflate` is to be zlib's format, but some servers send it bare: the first byte tells. */
async function* inflate(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
	const chunks = source[Symbol.asyncIterator]();
	const first = await chunks.next();
	if (first.done) return;
	const bare = ((first.value[0] as number) & 0x0f) !== 0x08;
	const all = async function* (): AsyncGenerator<Buffer> {
		yield first.value;
		yield* { [Symbol.asyncIterator]: () => chunks };
	};
	yield* pipeline(all, bare ? createInflateRaw(ZLIB) : createInflate(ZLIB), toldByDestroy);
}

/** A failing pipeline destroys its last stream with the error, and whoever reads that one is told; nobody else is to be. */
const toldByDestroy = (): undefined => undefined;

/**
 * `body` with its `content-encoding` undone; `body` itself when there is none, or one that is not known here.
 * An error of either reaches the reader of the result.
 */
export function decoded(body: Readable, contentEncoding: string | undefined): Readable {
	const names = (contentEncoding ?? '').toLowerCase().split(',');
	const encodings = names.map((name) => name.trim()).filter((name) => name !== '' && name !== 'identity');
	if (encodings.length === 0 || encodings.some((name) => !Object.hasOwn(DECODERS, name))) return body;
	if (encodings.length > MOST_ENCODINGS) {
		return body.destroy(new Error(`Cannot decode the body: it has ${encodings.length} encodings, more than the ${MOST_ENCODINGS} allowed`));
	}
	const stages = encodings.reverse().map((name) => (DECODERS[name] as () => Duplex)());
	pipeline([body, ...stages], toldByDestroy);
	return stages.at(-1) as Duplex;
}
