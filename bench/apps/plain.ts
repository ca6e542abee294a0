/** The same two handlers on plain node:http in its own style: `plain.js hello`, `plain.js sleepy`. */
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

const handlers: Readonly<Record<string, RequestListener>> = {
	hello(_request, response) {
		response.end('Hello, world\n');
	},
	async sleepy(_request, response) {
		await delay(50);
		response.end('Hello, world\n');
	},
};

const server = createServer(handlers[process.argv[2] ?? 'hello']).listen(0, '127.0.0.1');
await once(server, 'listening');
console.log(`Listening at: http://127.0.0.1:${(server.address() as AddressInfo).port}`);
