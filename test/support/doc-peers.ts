import { createServer as createHttpServer } from 'node:http';
import { createServer, type Server } from 'node:net';

/** An HTTP server on a free port of the loopback that says as JSON what it was asked. */
export function jsonPeer(): Server {
	return createHttpServer(async (request, response) => {
		const pieces: Buffer[] = [];
		for await (const piece of request) pieces.push(piece as Buffer);
		const { method, url, headers } = request;
		response.setHeader('content-type', 'application/json');
		response.end(JSON.stringify({ method, url, headers, body: Buffer.concat(pieces).toString() }));
	}).listen(0, '127.0.0.1');
}

/** A TCP server on a free port of the loopback that sends back what it gets. */
export function echoPeer(): Server {
	return createServer((socket) => {
		socket.on('error', () => socket.destroy());
		socket.pipe(socket);
	}).listen(0, '127.0.0.1');
}
