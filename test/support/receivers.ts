import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';

/** Receives datagrams on a port of its own. */
export class UdpReceiver implements AsyncDisposable {
	readonly received: string[] = [];
	readonly #socket = createSocket('udp4');

	async open(): Promise<this> {
		this.#socket.on('message', (bytes) => this.received.push(bytes.toString()));
		this.#socket.bind(0, '127.0.0.1');
		await once(this.#socket, 'listening');
		return this;
	}

	get port(): number {
		return this.#socket.address().port;
	}

	async [Symbol.asyncDispose](): Promise<void> {
		this.#socket.close();
		await once(this.#socket, 'close');
	}
}

/** Receives a stream over TCP or a Unix socket; it can go and come again. */
export class StreamReceiver implements AsyncDisposable {
	text = '';
	connections = 0;
	readonly #server: Server;
	readonly #sockets = new Set<Socket>();

	constructor() {
		this.#server = createServer((socket) => {
			this.connections++;
			this.#sockets.add(socket);
			socket.on('error', () => undefined);
			socket.setEncoding('utf8').on('data', (text: string) => {
				this.text += text;
			});
		});
	}

	/** @param where a path or a port */
	async open(where: string | number = 0): Promise<this> {
		if (typeof where === 'string') this.#server.listen(where);
		else this.#server.listen(where, '127.0.0.1');
		await once(this.#server, 'listening');
		return this;
	}

	get port(): number {
		return (this.#server.address() as AddressInfo).port;
	}

	/** Reads nothing any more. */
	stall(): void {
		for (const socket of this.#sockets) socket.pause();
	}

	async [Symbol.asyncDispose](): Promise<void> {
		for (const socket of this.#sockets) socket.destroy();
		if (!this.#server.listening) return;
		this.#server.close();
		await once(this.#server, 'close');
	}
}

interface UnixDatagrams {
	createSocket(type: 'unix_dgram', listener: (bytes: Buffer) => void): { bind(path: string): void; close(): void };
}

/** Why Unix datagrams cannot be tested here; false when they can. */
export function noUnixDatagrams(): string | false {
	try {
		load();
		return false;
	} catch (error) {
		return `unix-dgram, an optional dependency, cannot be loaded: ${(error as Error).message.split('\n')[0]}`;
	}
}

function load(): UnixDatagrams {
	return createRequire(import.meta.url)('unix-dgram');
}

/** Receives datagrams on a Unix socket. */
export class UnixDatagramReceiver implements Disposable {
	readonly received: string[] = [];
	readonly #socket = load().createSocket('unix_dgram', (bytes) => this.received.push(bytes.toString()));

	constructor(path: string) {
		this.#socket.bind(path);
	}

	[Symbol.dispose](): void {
		this.#socket.close();
	}
}
