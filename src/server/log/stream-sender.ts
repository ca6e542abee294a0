import { connect, type NetConnectOpts, type Socket } from 'node:net';
import { type Sender, Trouble } from './sender.js';

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 30_000;
/** Bytes that wait for a receiver that is away or behind; beyond it messages are dropped. */
const MOST_WAITING = 1024 * 1024;

/** Sends messages over a TCP or Unix stream, and connects anew whenever the receiver has gone. */
export class StreamSender implements Sender {
	readonly #where: NetConnectOpts;
	readonly #trouble: Trouble;
	#socket: Socket;
	#connected = false;
	#waiting: Buffer[] = [];
	#waitingBytes = 0;
	#pauseMs = FIRST_PAUSE_MS;
	#retry: NodeJS.Timeout | undefined;
	#closed = false;

	/** @param name as it appears in messages */
	constructor(where: NetConnectOpts, name: string, report: (text: string) => void) {
		this.#where = where;
		this.#trouble = new Trouble(name, report);
		this.#socket = this.#connect();
	}

	send(message: Buffer): void {
		if (this.#closed) return;
		if ((this.#connected ? this.#socket.writableLength : this.#waitingBytes) + message.length > MOST_WAITING) {
			this.#trouble.lose('it does not keep up');
		} else if (this.#connected) {
			this.#socket.write(message);
			this.#trouble.pass();
		} else {
			this.#waiting.push(message);
			this.#waitingBytes += message.length;
		}
	}

	close(ms: number): Promise<void> {
		this.#closed = true;
		clearTimeout(this.#retry);
		const socket = this.#socket;
		if (!this.#connected) {
			socket.destroy();
			return Promise.resolve();
		}
		return new Promise((resolve) => {
			const deadline = setTimeout(() => socket.destroy(), ms);
			socket.once('close', () => {
				clearTimeout(deadline);
				resolve();
			});
			socket.ref();
			socket.destroySoon();
		});
	}

	#connect(): Socket {
		const socket = connect(this.#where);
		let why = 'it has closed the connection';
		socket.unref();
		socket.on('connect', () => this.#begin(socket));
		socket.on('error', (error) => {
			why = error.message;
		});
		// Nothing is expected from it, but its end must be noticed.
		socket.resume();
		socket.on('close', () => {
			this.#connected = false;
			if (this.#closed) return;
			this.#trouble.say(why);
			this.#retry = setTimeout(() => {
				this.#socket = this.#connect();
			}, this.#pauseMs).unref();
			this.#pauseMs = Math.min(this.#pauseMs * 2, LONGEST_PAUSE_MS);
		});
		return socket;
	}

	#begin(socket: Socket): void {
		this.#connected = true;
		this.#pauseMs = FIRST_PAUSE_MS;
		const waiting = this.#waiting;
		this.#waiting = [];
		this.#waitingBytes = 0;
		this.#trouble.pass();
		for (const message of waiting) socket.write(message);
	}
}
