/** Bytes of the words in front of a payload. */
export const HEADER_BYTES = 128;
const NUMBERS_BYTE = 64;

/** Index of the word that orders all others: what a letter holds is written before it is stored and read after it was loaded. */
export const STATE = 0;
/** Index of the count of port messages. */
export const POSTS = 7;

const OPERATION = 3;
const FORMAT = 4;
const LENGTH = 5;
const TAIL = 6;
const COUNT = 8;
const GREENLET = 9;

/** Shared memory that holds one packet and whose it is. Its fields are plain; whoever hands it over orders them by `STATE`. */
export abstract class Letter {
	/** The payload, as a Buffer over shared memory. */
	readonly payload: Buffer;
	/** Up to four numbers that travel without being turned into text. */
	readonly numbers: Float64Array;
	protected readonly words: Int32Array;

	constructor(memory: SharedArrayBuffer, offset: number, capacity: number) {
		this.words = new Int32Array(memory, offset, HEADER_BYTES / 4);
		this.numbers = new Float64Array(memory, offset + NUMBERS_BYTE, 4);
		this.payload = Buffer.from(memory, offset + HEADER_BYTES, capacity);
	}

	get operation(): number {
		return this.words[OPERATION] as number;
	}
	set operation(id: number) {
		this.words[OPERATION] = id;
	}
	get format(): number {
		return this.words[FORMAT] as number;
	}
	set format(format: number) {
		this.words[FORMAT] = format;
	}
	/** Bytes of text at the start of the payload. */
	get length(): number {
		return this.words[LENGTH] as number;
	}
	set length(bytes: number) {
		this.words[LENGTH] = bytes;
	}
	/** Raw bytes behind the text, -1 for none. */
	get tail(): number {
		return this.words[TAIL] as number;
	}
	set tail(bytes: number) {
		this.words[TAIL] = bytes;
	}
	/** How many of `numbers` are set. */
	get count(): number {
		return this.words[COUNT] as number;
	}
	set count(count: number) {
		this.words[COUNT] = count;
	}
	/** Id of the greenlet it belongs to. */
	get greenlet(): number {
		return this.words[GREENLET] as number;
	}
	set greenlet(id: number) {
		this.words[GREENLET] = id;
	}
}
