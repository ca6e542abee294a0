import { once } from 'node:events';
import net from 'node:net';
import { setImmediate as afterPoll } from 'node:timers/promises';

/** An answer that arrived whole. */
export interface Answered {
	readonly status: number;
	/** Whether the server will take another request on the connection. */
	readonly kept: boolean;
}

/** Why there was none. */
export class Unanswered extends Error {
	readonly received: string;
	constructor(why: string, received = '') {
		super(why);
		this.received = received;
	}
}

interface Waiting {
	received: string;
	resolve(answered: Answered): void;
	reject(reason: Unanswered): void;
}

/** An HTTP/1.1 connection of a client that reports exactly what it saw: nothing is sent twice, nothing is forgiven. */
export class LoadConnection {
	readonly #socket: net.Socket;
	/** Requests sent. */
	requests = 0;
	/** When the last answer came, or the connection was made, in milliseconds since the epoch. */
	idleSince = Date.now();
	#waiting: Waiting | undefined;
	#ended = false;

	private constructor(socket: net.Socket) {
		this.#socket = socket;
		socket.setNoDelay(true).setEncoding('latin1');
		socket.on('data', (text: string) => this.#receive(text));
		socket.on('end', () => this.#end('closed before an answer'));
		socket.on('error', ({ code }: NodeJS.ErrnoException) =>
			this.#end(code === 'ECONNRESET' || code === 'EPIPE' ? 'reset before an answer' : `${code}`),
		);
	}

	/** @throws Unanswered with Node's error code */
	static async open(to: number | string): Promise<LoadConnection> {
		const socket = typeof to === 'number' ? net.connect(to, '127.0.0.1') : net.connect(to);
		try {
			await once(socket, 'connect');
		} catch (error) {
			throw new Unanswered((error as NodeJS.ErrnoException).code ?? String(error));
		}
		return new LoadConnection(socket);
	}

	get localPort(): number | undefined {
		return this.#socket.localPort;
	}

	/** Whether the server has closed it, as far as anything has arrived by now. */
	async closed(): Promise<boolean> {
		// What waits in the kernel is read in the loop's poll phase, and an end that is read is told a turn later.
		for (let turn = 0; turn < 2 && !this.#ended; turn++) await afterPoll();
		return this.#ended;
	}

	/**
	 * Sends a request.
	 * @param pieces the request, to be written one after the other with 3 ms in between
	 * @throws Unanswered unless an answer arrives whole within `answerMs`
	 */
	async ask(pieces: readonly string[], answerMs: number): Promise<Answered> {
		this.requests++;
		const answered = new Promise<Answered>((resolve, reject) => {
			this.#waiting = { received: '', resolve, reject };
		});
		const deadline = setTimeout(() => this.#end('no answer'), answerMs);
		pieces.forEach((piece, index) => {
			if (index === 0) this.#socket.write(piece);
			else setTimeout(() => this.#socket.write(piece), index * 3);
		});
		try {
			return await answered;
		} finally {
			clearTimeout(deadline);
			this.idleSince = Date.now();
		}
	}

	close(): void {
		this.#ended = true;
		this.#socket.destroy();
	}

	#receive(text: string): void {
		if (!this.#waiting) return;
		this.#waiting.received += text;
		const answered = wholeAnswer(this.#waiting.received, false);
		if (answered) this.#settle(answered);
	}

	#settle(answered: Answered): void {
		this.#waiting?.resolve(answered);
		this.#waiting = undefined;
	}

	#end(why: string): void {
		if (this.#ended) return;
		this.#ended = true;
		const waiting = this.#waiting;
		const answered = waiting && why.startsWith('closed') ? wholeAnswer(waiting.received, true) : undefined;
		if (answered) this.#settle(answered);
		else waiting?.reject(new Unanswered(waiting.received === '' ? why : `truncated (${why})`, waiting.received.slice(0, 500)));
		this.#waiting = undefined;
		this.#socket.destroy();
	}
}

/** Undefined as long as something is missing. */
function wholeAnswer(text: string, ended: boolean): Answered | undefined {
	const headEnd = text.indexOf('\r\n\r\n');
	if (headEnd < 0) return undefined;
	const head = text.slice(0, headEnd).toLowerCase();
	const status = Number(/^http\/1\.[01] (\d{3})/.exec(head)?.[1]);
	const length = /\r\ncontent-length: *(\d+)/.exec(head)?.[1];
	const chunked = /\r\ntransfer-encoding: *chunked/.test(head);
	const kept = !/\r\nconnection: *close/.test(head) && (chunked || length !== undefined);
	const body = text.length - headEnd - 4;
	if (length !== undefined) return body >= Number(length) ? { status, kept } : undefined;
	if (chunked) return text.endsWith('0\r\n\r\n') && body >= 5 ? { status, kept } : undefined;
	return ended ? { status, kept } : undefined;
}
