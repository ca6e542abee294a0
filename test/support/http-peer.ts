/** The program of a peer that serves HTTP, HTTPS and HTTP on a Unix socket; started by `Peer.start`. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { projectPath } from './project.js';

/** Where the peer listens. */
export interface HttpAddress {
	readonly http: string;
	readonly https: string;
}

const MEGABYTE = Buffer.alloc(1024 * 1024, 'x');
let connections = 0;

async function bodyOf(request: IncomingMessage): Promise<{ body: Buffer; bytes: number; sha: string }> {
	const hash = createHash('sha256');
	const start: Buffer[] = [];
	let bytes = 0;
	for await (const chunk of request as AsyncIterable<Buffer>) {
		if (bytes < 1000) start.push(chunk);
		bytes += chunk.length;
		hash.update(chunk);
	}
	return { body: Buffer.concat(start).subarray(0, 1000), bytes, sha: hash.digest('hex') };
}

async function download(response: ServerResponse, megabytes: number): Promise<void> {
	for (let i = 0; i < megabytes; i++) if (!response.write(MEGABYTE)) await once(response, 'drain');
	response.end();
}

type Route = (request: IncomingMessage, response: ServerResponse, url: URL) => unknown;

const routes: Readonly<Record<string, Route>> = {
	'/echo': async (request, response) => {
		const read = await bodyOf(request).catch((error: NodeJS.ErrnoException) => error);
		// A client that left is reported below.
		if (read instanceof Error) return;
		const { body, bytes, sha } = read;
		const { method, url, headers } = request;
		response.setHeader('content-type', 'application/json');
		response.end(JSON.stringify({ method, url, headers, body: body.toString(), bytes, sha, connections }));
	},
	'/hello': (_, response) => response.end('hello'),
	'/gzip': (_, response) => response.setHeader('content-encoding', 'gzip').end(gzipSync('zipped')),
	'/br': (_, response) => response.setHeader('content-encoding', 'br').end(brotliCompressSync('brotli')),
	'/cookies': (_, response) => response.setHeader('set-cookie', ['a=1', 'b=2']).end(),
	'/download': (_, response, url) => download(response, Number(url.searchParams.get('mb'))),
	'/redirect': (_, response, url) => {
		response.writeHead(Number(url.searchParams.get('status') ?? 302), { location: url.searchParams.get('to') as string }).end();
	},
	'/reset': (_, response) => {
		response.write('part', () => response.socket?.resetAndDestroy());
	},
	'/too-much': (_, response) => response.writeHead(413).end(),
	'/silent': () => parentPort?.postMessage('asked'),
	'/stuck': (_, response) => {
		response.write('part');
		parentPort?.postMessage('asked');
	},
};

const listener: RequestListener = (request, response) => {
	const url = new URL(request.url as string, 'http://peer');
	response.on('close', () => {
		if (!response.writableFinished) parentPort?.postMessage('aborted');
	});
	const route = routes[url.pathname] ?? ((_: IncomingMessage, to: ServerResponse) => to.writeHead(404).end('nothing here'));
	route(request, response, url);
};

async function listening(server: Server, where: number | string): Promise<number> {
	server.on('connection', () => connections++);
	if (typeof where === 'string') server.listen(where);
	else server.listen(where, '127.0.0.1');
	await once(server, 'listening');
	return typeof where === 'string' ? 0 : (server.address() as AddressInfo).port;
}

const [key, cert] = ['key', 'cert'].map((part) => readFileSync(projectPath(`test/fixtures/localhost-${part}.pem`))) as [Buffer, Buffer];
// Longer than any test: a connection is used again however long it was idle.
const keepAliveTimeout = 600_000;
const http = await listening(createServer({ keepAliveTimeout }, listener), 0);
const https = await listening(createTlsServer({ key, cert, keepAliveTimeout }, listener), 0);
await listening(createServer({ keepAliveTimeout }, listener), (workerData as { socketPath: string }).socketPath);
parentPort?.postMessage({ http: `http://127.0.0.1:${http}`, https: `https://localhost:${https}` } satisfies HttpAddress);
