import { createSocket, type Socket } from 'node:dgram';
import { lookup } from 'node:dns';
import { createRequire } from 'node:module';
import { isIP } from 'node:net';
import { getSystemErrorMap } from 'node:util';
import { type HostPort, type Sender, Trouble } from './sender.js';

/** How long until a name that could not be resolved is looked up again. */
const LOOKUP_PAUSE_MS = 5_000;
/** Messages that wait for the first look-up. */
const MOST_WAITING = 1_000;

/** Sends each message as one UDP datagram. The name is resolved once, and again only when that failed. */
export class UdpSender implements Sender {
	readonly #trouble: Trouble;
	readonly #target: HostPort;
	#socket: Socket | undefined;
	#address = '';
	#waiting: Buffer[] = [];
	#retry: NodeJS.Timeout | undefined;
	#closed = false;

	constructor(target: HostPort, say: (text: string) => void) {
		this.#target = target;
		this.#trouble = new Trouble(`udp://${target.host}:${target.port}`, say);
		this.#resolve();
	}

	send(message: Buffer): void {
		if (this.#closed) return;
		const socket = this.#socket;
		if (socket) {
			socket.send(message, this.#target.port, this.#address, (error) => (error ? this.#trouble.lose(error.message) : this.#trouble.pass()));
		} else if (this.#waiting.length < MOST_WAITING) {
			this.#waiting.push(message);
		} else {
			this.#trouble.lose(`the name ${this.#target.host} cannot be resolved`);
		}
	}

	close(): Promise<void> {
		this.#closed = true;
		clearTimeout(this.#retry);
		const socket = this.#socket;
		return new Promise((resolve) => {
			if (socket) socket.close(resolve);
			else resolve();
		});
	}

	#resolve(): void {
		const { host } = this.#target;
		const family = isIP(host);
		if (family !== 0) {
			this.#open(host, family);
			return;
		}
		lookup(host, (error, address, found) => {
			if (this.#closed) return;
			if (!error) {
				this.#open(address, found);
				return;
			}
			this.#trouble.say(error.message);
			this.#retry = setTimeout(() => this.#resolve(), LOOKUP_PAUSE_MS).unref();
		});
	}

	#open(address: string, family: number): void {
		this.#address = address;
		this.#socket = createSocket({
			type: family === 6 ? 'udp6' : 'udp4',
			// Only addresses are given; Node would look even those up through the pool.
			lookup: (host, _options, callback) => callback(null, host, family),
		});
		this.#socket.on('error', (error) => this.#trouble.say(error.message)).unref();
		// Otherwise the first message would wait for that, and be lost when the process exits at once.
		this.#socket.bind();
		const waiting = this.#waiting;
		this.#waiting = [];
		for (const message of waiting) this.send(message);
	}
}

/** What `unix-dgram` gives, as far as it is used here. Its callbacks come before its calls return. */
interface UnixDatagramSocket {
	send(bytes: Buffer, offset: number, length: number, path: string, callback: (error?: NodeJS.ErrnoException) => void): void;
	close(): void;
	on(event: 'error', listener: (error: Error) => void): this;
}

/** Sends each message as one datagram to a Unix socket, which need not be there all the time. */
export class UnixDatagramSender implements Sender {
	readonly #trouble: Trouble;
	readonly #socket: UnixDatagramSocket;
	readonly #path: string;
	#closed = false;

	/** @throws RangeError without the optional dependency `unix-dgram` */
	constructor(path: string, say: (text: string) => void) {
		this.#path = path;
		this.#trouble = new Trouble(`unix://${path}`, say);
		this.#socket = loadUnixDatagrams().createSocket('unix_dgram');
		this.#socket.on('error', (error) => this.#trouble.say(error.message));
	}

	send(message: Buffer): void {
		if (this.#closed) return;
		this.#socket.send(message, 0, message.length, this.#path, (error) =>
			error ? this.#trouble.lose(describe(error)) : this.#trouble.pass(),
		);
	}

	async close(): Promise<void> {
		if (this.#closed) return;
		this.#closed = true;
		this.#socket.close();
	}
}

/** `unix-dgram` names an error by its number alone. */
function describe(error: NodeJS.ErrnoException): string {
	const number = Math.abs(Number(error.errno ?? error.code));
	const found = getSystemErrorMap().get(-number);
	return found ? `${found[0]}: ${found[1]}` : error.message;
}

function loadUnixDatagrams(): { createSocket(type: 'unix_dgram'): UnixDatagramSocket } {
	try {
		return createRequire(import.meta.url)('unix-dgram');
	} catch (cause) {
		throw new RangeError("a Unix datagram socket needs the package 'unix-dgram', which cannot be loaded: npm install unix-dgram", {
			cause,
		});
	}
}
