import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { pack, READ_BODY, REQUEST, type RequestHead, type ResponseHead, unpack } from '../../src/io/http-messages.js';
import { httpService } from '../../src/io/http-service.js';
import { type Question, ServiceBench } from './service-bench.js';

const AHEAD = 65_536;

/** The http service on a bench, and a server for it to ask. */
export class HttpBench {
	bench = new ServiceBench(httpService);
	/** What the server does with a request. */
	listener: (request: IncomingMessage, response: ServerResponse) => void = (_, response) => response.end();
	/** Connections that the server has taken. */
	connections = 0;
	readonly server = createServer((request, response) => this.listener(request, response));

	constructor() {
		this.server.on('connection', () => this.connections++);
		// Longer than any test: a connection is used again however long it was idle.
		this.server.keepAliveTimeout = 600_000;
	}

	async start(): Promise<void> {
		this.bench = new ServiceBench(httpService);
		this.connections = 0;
		this.server.listen(0, '127.0.0.1');
		await once(this.server, 'listening');
	}

	/** Ends everything; nothing may be left of what the service was asked. */
	async stop(): Promise<void> {
		this.bench.close();
		this.server.close();
		this.server.closeAllConnections();
		await once(this.server, 'close');
		assert.equal(this.bench.clock.alarms, 0, 'a timer was left behind');
	}

	/** A request to the server without limits of time. */
	head(more: Partial<RequestHead> = {}): RequestHead {
		const { port } = this.server.address() as AddressInfo;
		return {
			method: 'GET',
			origin: `http://127.0.0.1:${port}`,
			path: '/',
			headers: [],
			redirect: 'follow',
			decompress: true,
			timeoutMs: 0,
			headersTimeoutMs: 0,
			bodyTimeoutMs: 0,
			fresh: false,
			connection: {},
			...more,
		};
	}

	ask(more?: Partial<RequestHead>, body: Buffer | null = null): Question<Buffer> {
		return this.bench.ask(1, REQUEST, pack(this.head(more), body));
	}

	async response(question: Question<Buffer>): Promise<ResponseHead & { bytes: Buffer }> {
		const { head, bytes } = unpack<ResponseHead>(await question.answer);
		return { ...head, bytes };
	}

	/** What is left of a body. */
	async rest(handle: number): Promise<Buffer> {
		const chunks: Buffer[] = [];
		for (;;) {
			const chunk = await this.bench.ask(1, READ_BODY, handle, AHEAD, AHEAD).answer;
			if (chunk) chunks.push(chunk);
			if (!chunk || chunk.length < AHEAD) return Buffer.concat(chunks);
		}
	}

	/** The next request and its response, as the server sees them. */
	served(): Promise<[IncomingMessage, ServerResponse]> {
		return new Promise((resolve) => {
			this.listener = (...both) => resolve(both);
		});
	}
}

/** The end of a connection; unlike with `once`, whatever errors come before. */
export function closing(socket: Socket): Promise<void> {
	return new Promise((done) => socket.once('close', () => done()));
}
