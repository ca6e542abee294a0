import { EventEmitter } from 'node:events';
import { Socket } from 'node:net';

/** Bytes that wait for the reader; beyond it lines are dropped. */
const MOST_WAITING = 16 * 1024 * 1024;

/** What a stream's handle can do, which no type declares. */
interface BlockingHandle {
	setBlocking?(blocking: boolean): void;
}

const writeToSocket: (this: Socket, bytes: Buffer, done: (error?: Error | null) => void) => boolean = Socket.prototype.write;

function survive(): void {
	// A reader that goes is no reason to end the process, not even when its log is closed.
}

/**
 * Standard output or error where only the stream that Node made for it can be used, with the methods and events of sonic-boom that a
 * `LineWriter` needs. libuv writes to it only while there is room; what is written comes out at once, or waits.
 *
 * Whether a write may block belongs to everybody who has inherited the descriptor: each process that libuv spawns, and each Node that
 * exits, makes it block again. So this is undone right before a write, and nothing is tried again by a timer.
 */
export class StandardStream extends EventEmitter {
	readonly #stream: Socket;
	#failure: Error | undefined;

	constructor(standard: 1 | 2) {
		super();
		this.#stream = (standard === 1 ? process.stdout : process.stderr) as unknown as Socket;
		this.#stream.on('error', this.#fail);
		if (!this.#stream.listeners('error').includes(survive)) this.#stream.on('error', survive);
	}

	/** Emits `drop` with the bytes that are not taken, and `drain` when nothing waits any more. */
	write(bytes: Buffer): void {
		if (this.#failure || this.#stream.writableLength + bytes.length > MOST_WAITING) {
			this.emit('drop', bytes);
			return;
		}
		(this.#stream as unknown as { _handle?: BlockingHandle })._handle?.setBlocking?.(false);
		// Not the stream's own `write`: what the app prints may be captured there.
		writeToSocket.call(this.#stream, bytes, (error) => {
			if (!error && this.#stream.writableLength === 0) this.emit('drain');
		});
	}

	/** Nothing is to be done: what can be written has been. */
	flush(): void {
		if (this.#failure) this.emit('error', this.#failure);
	}

	/** The same as `flush`: what waits now could only be written by waiting for the reader. */
	flushSync(): void {
		this.flush();
	}

	/** The stream stays, for it is not the log's own. */
	destroy(): void {
		this.#stream.off('error', this.#fail);
		this.removeAllListeners();
	}

	/** The same as `destroy`. */
	end(): void {
		this.destroy();
	}

	/** Its reader has gone, and no other one can come. */
	readonly #fail = (error: Error): void => {
		this.#failure = error;
		this.emit('error', error);
	};
}
