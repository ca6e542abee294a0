import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { AsyncBridgeOptions } from '../../../src/server/http/async-bridge.js';
import type { WorkerHooks } from '../../../src/server/worker/worker-contract.js';
import { MockClock } from '../../../src/testing/mock-clock.js';
import { LocalServer } from '../../support/local-server.js';

type SignalledRequest = IncomingMessage & { readonly signal: AbortSignal };

const CLOSE = 'Connection: close\r\n';
const GET = `GET / HTTP/1.1\r\n${CLOSE}\r\n`;

test('A handler that throws or rejects is answered with 500, logged with its stack, and the connection goes on', async () => {
	for (const handler of [
		() => {
			throw new Error('on purpose');
		},
		async () => {
			await delay(1);
			throw new Error('on purpose');
		},
	]) {
		await using server = await LocalServer.start(handler);
		using client = await server.connect();
		client.send('/one');
		await client.received(/500 Internal Server Error[\s\S]*Internal Server Error\n/);
		assert.match(await server.log.logged(/ERROR Error handling request GET \/one/), /Error: on purpose\n\s+at /);
		client.send('/two');
		await server.log.logged(/request GET \/two/);
	}
});

test('A handler that fails after the header was sent has its connection closed', async () => {
	const handler = async (_request: IncomingMessage, response: ServerResponse) => {
		response.write('begun');
		await delay(1);
		throw new Error('too late');
	};
	await using server = await LocalServer.start(handler);
	assert.doesNotMatch(await server.exchange('GET / HTTP/1.1\r\n\r\n'), /500|\r\n0\r\n/);
	await server.log.logged(/Error handling request GET \/\nError: too late/);
});

test('An unhandled rejection or uncaught error fails its own request alone, and the worker hears that it is damaged', async (context) => {
	// The test runner listens for these errors, too.
	quiet(context);
	for (const [what, fail] of Object.entries({
		'unhandled rejection': (): void => {
			void Promise.reject(new Error('nobody waits for this'));
		},
		'uncaught error': (): void => {
			setTimeout(() => {
				throw new Error('nobody waits for this');
			});
		},
	})) {
		const damages: string[] = [];
		const others: ServerResponse[] = [];
		const handler = (request: IncomingMessage, response: ServerResponse) => {
			if (request.url === '/fail') setImmediate(fail);
			else others.push(response);
		};
		await using server = await LocalServer.start(handler, {}, { onDamaged: (reason) => damages.push(reason) });
		using other = await server.connect();
		other.send('/other');
		await once(server.http, 'request');
		assert.match(await server.exchange(`GET /fail HTTP/1.1\r\n${CLOSE}\r\n`), /^HTTP\/1\.1 500/);
		others[0]?.end('undisturbed');
		await other.received(/undisturbed/);
		assert.match(await server.log.logged(/Error handling request GET \/fail/), /nobody waits for this/);
		assert.deepEqual(damages, [`${what}: nobody waits for this`]);
	}
});

function quiet(context: { after(fn: () => void): void }): void {
	for (const name of ['uncaughtException', 'unhandledRejection'] as const) {
		const listeners = process.listeners(name as 'uncaughtException');
		process.removeAllListeners(name);
		context.after(() => {
			for (const listener of listeners) process.on(name, listener);
		});
	}
}

test('A client that leaves aborts the signal of its request, and the errors that follow are not logged', async () => {
	const handler = async (request: SignalledRequest, response: ServerResponse) => {
		if (request.url === '/after') response.end();
		else await delay(60_000, undefined, { signal: request.signal });
	};
	await using server = await LocalServer.start(handler as never);
	const client = await server.connect();
	client.send('/');
	await once(server.http, 'request');
	client.socket.destroy();
	assert.equal((await server.heard(1))[0]?.status, 0);
	await server.exchange(`GET /after HTTP/1.1\r\n${CLOSE}\r\n`);
	assert.deepEqual(server.log.lines, []);
});

test('A request that takes longer than request_timeout is answered, its signal aborts, and what comes later does no harm', async () => {
	let reason: NodeJS.ErrnoException | undefined;
	const handler = async (request: SignalledRequest, response: ServerResponse) => {
		response.setHeader('X-Half-Made', 'yes');
		await once(request.signal, 'abort');
		reason = request.signal.reason;
		response.write('too late');
		response.writeHead(200);
	};
	await using server = await LocalServer.start(handler as never, { request_timeout: 0.1, request_timeout_status: 504 });
	const answer = await server.exchange(GET);
	assert.match(answer, /^HTTP\/1\.1 504 Gateway Timeout\r\n[\s\S]*not answered within 0\.1 s\n$/);
	assert.doesNotMatch(answer, /Half-Made/);
	assert.equal(reason?.code, 'ETIMEDOUT');
	assert.equal((await server.heard(1))[0]?.status, 504);
	assert.deepEqual(server.log.lines, [
		'ERROR Request GET / took longer than 0.1 s (request_timeout) and was answered with 504; its handler had not ended',
	]);
});

test('A request whose time is over in the middle of its response has its connection cut off', async () => {
	const handler = (_request: IncomingMessage, response: ServerResponse) => response.write('begun');
	await using server = await LocalServer.start(handler, { request_timeout: 0.1 });
	assert.match(await server.exchange(GET), /begun\r\n$/);
	await server.log.logged(/took longer than 0\.1 s \(request_timeout\) and was cut off/);
});

test('A client that has not taken its response when the time is over has its connection cut off', async () => {
	const handler = (_request: IncomingMessage, response: ServerResponse) => response.end(Buffer.alloc(16_000_000));
	await using server = await LocalServer.start(handler, { request_timeout: 0.1 });
	using client = await server.connect();
	client.socket.pause();
	client.send('/');
	await server.log.logged(/Request GET \/ was cut off, as its client had not taken the response after 0\.1 s \(request_timeout\)/);
	assert.equal((await server.heard(1))[0]?.request.socket.destroyed, true);
});

test('A request that is answered in time is not touched', async () => {
	const clock = new MockClock();
	const handler = async (_request: IncomingMessage, response: ServerResponse) => {
		await delay(1);
		clock.advance(199);
		response.end('in time');
	};
	await using server = await LocalServer.start(handler, { request_timeout: 0.2 }, { clock });
	using client = await server.connect();
	for (let index = 0; index < 10; index++) {
		client.send('/');
		await client.received(new RegExp(`(in time[\\s\\S]*){${index + 1}}`));
		await server.heard(index + 1);
	}
	assert.deepEqual(server.log.lines, []);
});

test('The hooks pre_request and post_request run around a request', async () => {
	const calls: unknown[][] = [];
	const hooks: WorkerHooks = {
		has: (name) => name.endsWith('_request'),
		run: async (name, worker, request, ...rest) => {
			await delay(1);
			calls.push([name, worker, (request as IncomingMessage).url, ...rest]);
		},
	};
	const options: Partial<AsyncBridgeOptions> = { hooks, worker: 'the worker' };
	const handler = (_request: IncomingMessage, response: ServerResponse) => {
		calls.push(['handler']);
		response.writeHead(404).end();
	};
	await using server = await LocalServer.start(handler, {}, options);
	await server.exchange(GET);
	while (calls.length < 3) await delay(1);
	assert.deepEqual(calls, [
		['pre_request', 'the worker', '/'],
		['handler'],
		['post_request', 'the worker', '/', undefined, { status: 404 }],
	]);
});

test('A failed request is the last of its connection where the server wants that', async () => {
	const handler = (_request: IncomingMessage, response: ServerResponse) => {
		response.setHeader('Content-Encoding', 'gzip');
		throw new Error('on purpose');
	};
	await using server = await LocalServer.start(handler);
	server.http.prependListener('request', (_request, response) => response.setHeader('Connection', 'close'));
	const answer = await server.exchange('GET / HTTP/1.1\r\n\r\n');
	assert.match(answer, /500 Internal Server Error\r\n[\s\S]*Connection: close\r\n/);
	assert.doesNotMatch(answer, /gzip/);
});
