import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { Load, type LoadOptions, type LoadReport } from './load.js';

const WHOLE = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

/** What `requests` requests come to at a server that treats each of them in this way; the how-manieth of its connection it is counts from 1. */
async function reportOf(
	serve: (socket: net.Socket, nth: number) => void,
	options: Partial<LoadOptions>,
	requests = 20,
): Promise<LoadReport> {
	const server = net.createServer((socket) => {
		let nth = 0;
		let received = '';
		socket.on('data', (text) => {
			received += text;
			// Some requests come in two pieces, cut anywhere.
			if (!received.endsWith('\r\n\r\n')) return;
			received = '';
			serve(socket, ++nth);
		});
		// The load's end of a connection; a reset by this end is no error here.
		socket.on('error', () => undefined);
	});
	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	await using load = new Load({ to: (server.address() as net.AddressInfo).port, seed: 1, ...options });
	try {
		await load.more(requests);
		return await load.stop();
	} finally {
		server.close();
	}
}

test('answers in full are no failures, whatever says where they end', async () => {
	const chunked = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n';
	let turn = 0;
	const report = await reportOf(
		(socket) => {
			turn++;
			if (turn % 3 === 0) socket.end('HTTP/1.1 200 OK\r\n\r\nok');
			else socket.write(turn % 3 === 1 ? chunked : WHOLE);
		},
		{ fresh: 2, kept: 2 },
	);
	assert.equal(report.failed, 0, JSON.stringify(report.failures));
	assert.equal(report.answered, report.requests);
	assert.ok(report.requests >= 20);
});

for (const [why, serve] of [
	['closed before an answer', (socket) => socket.end()],
	['reset before an answer', (socket) => socket.resetAndDestroy()],
	['truncated (closed before an answer)', (socket) => socket.end(WHOLE.slice(0, -1))],
	['status 503', (socket) => socket.write(WHOLE.replace('200 OK', '503 Busy'))],
	['no answer', () => undefined],
] as readonly (readonly [string, (socket: net.Socket) => void])[]) {
	test(`each request that is ${why} is a failure, and is not sent again`, async () => {
		let arrived = 0;
		const report = await reportOf(
			(socket) => {
				arrived++;
				serve(socket);
			},
			{ fresh: 1, kept: 1, ...(why === 'no answer' && { answerMs: 200 }) },
			6,
		);
		assert.equal(report.failed, report.requests);
		// What nobody answers may still wait to be read here.
		for (const deadline = performance.now() + 30_000; arrived < report.failed && performance.now() < deadline; ) await delay(10);
		assert.equal(report.failed, arrived);
		for (const failure of report.failures) assert.equal(failure.why, why);
	});
}

test('a connection that is refused is a failure', async () => {
	await using load = new Load({ to: '/nowhere/app.sock', fresh: 1 });
	await load.more(3);
	const { failed, requests, failures } = await load.stop();
	assert.equal(failed, requests);
	assert.equal(failures[0]?.why, 'ENOENT');
});

test('a connection that was closed between two requests is replaced; one that is closed with a request in it is a failure', async () => {
	const closing = await reportOf((socket) => socket.write(WHOLE, () => setTimeout(() => socket.end(), 1)), {
		kept: 2,
		pauseMs: 40,
	});
	assert.ok(closing.closedWhenIdle > 0);
	const second = await reportOf((socket, nth) => (nth === 1 ? socket.write(WHOLE) : socket.destroy()), { kept: 2 });
	assert.ok(second.failed > 0);
	for (const { nth, client } of second.failures) assert.deepEqual({ nth, client }, { nth: 2, client: 'kept' });
});

test('idle clients write after a nudge only', async () => {
	let arrived = 0;
	const server = net.createServer((socket) => {
		let received = '';
		socket
			.on('error', () => undefined)
			.on('data', (text) => {
				received += text;
				// Some requests come in two pieces, cut anywhere.
				if (!received.endsWith('\r\n\r\n')) return;
				received = '';
				arrived++;
				socket.write(WHOLE);
			});
	});
	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	await using load = new Load({ to: (server.address() as net.AddressInfo).port, idle: 4 });
	await load.more(2);
	assert.equal(arrived, 2);
	load.nudge();
	// Four that were idle, and two of them once more before they are idle again.
	await load.more(6);
	const { failed, requests } = await load.stop();
	assert.deepEqual({ failed, requests, arrived }, { failed: 0, requests: 8, arrived: 8 });
	server.close();
});
