/** The hub's side alone, asked without greenlets: what can be said of it without luck only where nobody is parked. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { type Connection, READ_AHEAD } from '../../src/io/net-connection.js';
import {
	ACCEPT,
	CLOSE_SOCKET,
	CONNECT,
	END,
	LISTEN,
	type ListenerAddress,
	NONE,
	type Opened,
	READ,
	READ_ALL,
	READ_EXACTLY,
	READ_UNTIL,
	WRITE,
} from '../../src/io/net-messages.js';
import { netService } from '../../src/io/net-service.js';
import { closing } from '../support/http-bench.js';
import { ServiceBench } from '../support/service-bench.js';

const KILOBYTE = 1024;
/** Most that Node takes from the kernel at once. */
const KERNEL_READ = 64 * KILOBYTE;
const LINE_FEED = Buffer.from('\n');

describe('the net service', () => {
	let bench: ServiceBench;
	let server: Server;

	before(async () => {
		bench = new ServiceBench(netService);
		server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
		await once(server, 'listening');
	});

	after(() => {
		bench.close();
		server.close();
	});

	/** A connection as a greenlet has it, and the peer's end. */
	async function pair(): Promise<{ handle: number; peer: Socket }> {
		const { port } = server.address() as AddressInfo;
		const accepted = once(server, 'connection');
		const { handle } = await bench.ask(1, CONNECT, NONE, { port, host: '127.0.0.1', allowHalfOpen: true }).answer;
		const [peer] = (await accepted) as [Socket];
		peer.on('error', () => peer.destroy());
		return { handle, peer };
	}

	async function send(peer: Socket, data: string | Buffer): Promise<void> {
		await new Promise((resolve) => peer.write(data, resolve));
	}

	test('keeps little more than the read-ahead for nobody, stops the peer, and loses nothing', async () => {
		const { handle, peer } = await pair();
		const total = 32 * KILOBYTE * KILOBYTE; // far more than the system's own buffers hold
		peer.end(Buffer.alloc(total, 'x'));
		const connection = bench.resource(handle) as Connection;
		await until(() => !connection.flowing);
		await turns(100);
		assert.ok(connection.held <= READ_AHEAD + KERNEL_READ, `${connection.held} bytes were kept`);
		assert.ok(peer.writableLength > 0, 'the peer is stopped');
		const rest = await bench.ask(1, READ_ALL, handle, NONE, NONE).answer;
		assert.equal(rest.length, total);
		bench.release(handle);
	});

	test('puts back what a lost greenlet did not take', async () => {
		const { handle, peer } = await pair();
		const lost = bench.ask(1, READ, handle, NONE, NONE);
		lost.deaf = true;
		await send(peer, 'abc');
		peer.end();
		await until(() => !lost.pending);
		assert.equal((await bench.ask(2, READ_ALL, handle, NONE, NONE).answer).toString(), 'abc');
		bench.release(handle);
	});

	test('keeps for the next reader what a killed one was waiting with', async () => {
		const { handle, peer } = await pair();
		const killed = bench.ask(1, READ_EXACTLY, handle, NONE, 6);
		await send(peer, 'abc');
		assert.equal(killed.pending, true);
		killed.kill();
		await assert.rejects(killed.answer, /killed/);
		await send(peer, 'def');
		assert.equal((await bench.ask(2, READ_EXACTLY, handle, NONE, 6).answer)?.toString(), 'abcdef');
		bench.release(handle);
	});

	test('gives a timed-out read to the next one whole', async () => {
		const { handle, peer } = await pair();
		const late = bench.ask(1, READ_UNTIL, handle, 50, KILOBYTE, LINE_FEED);
		await send(peer, 'one');
		bench.clock.advance(50);
		await assert.rejects(late.answer, { code: 'ETIMEDOUT' });
		await send(peer, ' two\nthree');
		assert.equal((await bench.ask(1, READ_UNTIL, handle, NONE, KILOBYTE, LINE_FEED).answer)?.toString(), 'one two\n');
		assert.equal(bench.clock.alarms, 0);
		bench.release(handle);
	});

	test('names both greenlets when two read one socket', async () => {
		const { handle } = await pair();
		const first = bench.ask(7, READ, handle, NONE, NONE);
		const second = bench.ask(8, READ, handle, NONE, NONE);
		await assert.rejects(second.answer, { code: 'ERR_BUSY', message: /greenlet 8 \(test\): greenlet 7 \(test\) is reading it/ });
		bench.ask(9, CLOSE_SOCKET, handle);
		await assert.rejects(first.answer, { code: 'ERR_CLOSED' });
	});

	test('parks a write until the peer reads, and the ones behind it too', async () => {
		const { handle, peer } = await pair();
		const big = Buffer.alloc(16 * KILOBYTE * KILOBYTE, 'x');
		const first = bench.ask(1, WRITE, handle, NONE, big);
		const second = bench.ask(2, WRITE, handle, NONE, Buffer.from('last'));
		const end = bench.ask(1, END, handle, NONE);
		assert.deepEqual([first.pending, second.pending, end.pending], [true, true, true]);
		const got = await collect(peer);
		await Promise.all([first.answer, second.answer, end.answer]);
		assert.equal(got.length, big.length + 4);
		assert.equal(got.subarray(-4).toString(), 'last');
		bench.release(handle);
	});

	test('sends nothing of a write that was killed while it waited for its turn', async () => {
		const { handle, peer } = await pair();
		const big = Buffer.alloc(16 * KILOBYTE * KILOBYTE, 'x');
		const first = bench.ask(1, WRITE, handle, NONE, big);
		const killed = bench.ask(2, WRITE, handle, NONE, Buffer.from('killed'));
		killed.kill();
		await assert.rejects(killed.answer, /killed/);
		const end = bench.ask(1, END, handle, NONE);
		assert.equal((await collect(peer)).length, big.length);
		await Promise.all([first.answer, end.answer]);
		bench.release(handle);
	});

	test('wakes parked writers with ClosedError when the socket is closed', async () => {
		const { handle } = await pair();
		const writes = [
			bench.ask(1, WRITE, handle, NONE, Buffer.alloc(16 * KILOBYTE * KILOBYTE)),
			bench.ask(2, WRITE, handle, NONE, Buffer.from('x')),
		];
		bench.ask(3, CLOSE_SOCKET, handle);
		for (const { answer } of writes) await assert.rejects(answer, { code: 'ERR_CLOSED' });
		await assert.rejects(bench.ask(1, READ, handle, NONE, NONE).answer, { code: 'ERR_CLOSED' });
	});

	test('times a write out that waits for its turn, and that of the one before', async () => {
		const { handle, peer } = await pair();
		const first = bench.ask(1, WRITE, handle, 10, Buffer.alloc(16 * KILOBYTE * KILOBYTE, 'x'));
		const second = bench.ask(2, WRITE, handle, 20, Buffer.from('never'));
		bench.clock.advance(10);
		await assert.rejects(first.answer, { code: 'ETIMEDOUT' });
		const third = bench.ask(1, WRITE, handle, NONE, Buffer.from('last'));
		bench.clock.advance(10);
		await assert.rejects(second.answer, { code: 'ETIMEDOUT' });
		const end = bench.ask(1, END, handle, NONE);
		const got = await collect(peer);
		await Promise.all([third.answer, end.answer]);
		// What had begun went on; what had not was never sent.
		assert.equal(got.length, 16 * KILOBYTE * KILOBYTE + 4);
		assert.equal(bench.clock.alarms, 0);
		bench.release(handle);
	});

	test('answers a write in the same turn when the system takes it', async () => {
		const { handle } = await pair();
		assert.equal(bench.ask(1, WRITE, handle, NONE, Buffer.from('abc')).pending, false);
		bench.release(handle);
	});

	test('keeps the read side when a write comes after the end', async () => {
		const { handle, peer } = await pair();
		await bench.ask(1, END, handle, NONE).answer;
		await bench.ask(1, END, handle, NONE).answer;
		await assert.rejects(bench.ask(1, WRITE, handle, NONE, Buffer.from('x')).answer, { code: 'ERR_STREAM_WRITE_AFTER_END' });
		await send(peer, 'still here');
		assert.equal((await bench.ask(1, READ, handle, NONE, NONE).answer)?.toString(), 'still here');
		bench.release(handle);
	});

	test('gives what arrived before a reset, then the reset', async () => {
		const { handle, peer } = await pair();
		const first = bench.ask(1, READ_EXACTLY, handle, NONE, 3);
		await send(peer, 'abcd');
		assert.equal((await first.answer)?.toString(), 'abc');
		const rest = bench.ask(1, READ_EXACTLY, handle, NONE, 3);
		peer.resetAndDestroy();
		await assert.rejects(rest.answer, { code: 'ECONNRESET', syscall: 'read' });
		assert.equal((await bench.ask(1, READ, handle, NONE, NONE).answer)?.toString(), 'd');
		await assert.rejects(bench.ask(1, READ, handle, NONE, NONE).answer, { code: 'ECONNRESET' });
		await assert.rejects(bench.ask(1, WRITE, handle, NONE, Buffer.from('x')).answer, { code: 'ECONNRESET' });
		bench.release(handle);
	});

	test('reads no byte of a connection that nobody has accepted', async () => {
		const { handle, address } = await bench.ask(1, LISTEN, { port: 0, host: '127.0.0.1', backlog: 1 }).answer;
		const peer = connectTo(address);
		await send(peer, 'hello');
		// Connections arrive in their order: when the next one has been found to be one too many, the first is there.
		await dropped(address);
		const accept = bench.ask(1, ACCEPT, handle, NONE);
		assert.equal(accept.pending, false);
		const accepted = await accept.answer;
		assert.equal((bench.resource(accepted.handle) as Connection).held, 0);
		assert.equal((await bench.ask(1, READ, accepted.handle, NONE, NONE).answer)?.toString(), 'hello');
		bench.release(accepted.handle);
		bench.release(handle);
		peer.destroy();
	});

	test('closes connections beyond the backlog, and accepts the others in their order', async () => {
		const { handle, address } = await bench.ask(1, LISTEN, { port: 0, host: '127.0.0.1', backlog: 2 }).answer;
		const peers: Socket[] = [];
		for (let i = 0; i < 2; i++) {
			peers.push(connectTo(address));
			await once(peers[i] as Socket, 'connect');
		}
		await dropped(address);
		const accepted: Opened[] = [];
		for (let i = 0; i < 2; i++) accepted.push(await bench.ask(i, ACCEPT, handle, NONE).answer);
		assert.deepEqual(
			accepted.map(({ endpoints }) => endpoints.remotePort),
			peers.map(({ localPort }) => localPort),
		);
		bench.release(handle);
		for (const { handle: opened } of accepted) bench.release(opened);
		for (const peer of peers) peer.destroy();
	});

	test('gives each of several accepts one connection, first come first served', async () => {
		const { handle, address } = await bench.ask(1, LISTEN, { port: 0, host: '127.0.0.1' }).answer;
		const questions = [1, 2, 3].map((id) => bench.ask(id, ACCEPT, handle, NONE));
		questions[1]?.kill();
		await assert.rejects(questions[1]?.answer as Promise<Opened>, /killed/);
		const peers = [connectTo(address), connectTo(address)];
		const opened = await Promise.all([questions[0], questions[2]].map((question) => question?.answer));
		assert.equal(new Set(opened.map((each) => each?.endpoints.remotePort)).size, 2);
		const waiting = bench.ask(4, ACCEPT, handle, 10);
		bench.clock.advance(10);
		await assert.rejects(waiting.answer, { code: 'ETIMEDOUT' });
		const closed = bench.ask(5, ACCEPT, handle, NONE);
		bench.release(handle);
		await assert.rejects(closed.answer, { code: 'ERR_CLOSED' });
		for (const each of opened) bench.release(each?.handle as number);
		for (const peer of peers) peer.destroy();
	});

	test('calls a connection attempt off when its greenlet is killed', async () => {
		const { port } = server.address() as AddressInfo;
		const question = bench.ask(1, CONNECT, 1_000, { port, host: '127.0.0.1' });
		question.kill();
		await assert.rejects(question.answer, /killed/);
		assert.equal(bench.clock.alarms, 0);
	});
});

function connectTo(address: ListenerAddress): Socket {
	return connect({ port: (address as AddressInfo).port, host: '127.0.0.1' });
}

/** Connects, and waits until the other side has closed the connection, in whatever way. */
async function dropped(address: ListenerAddress): Promise<void> {
	const socket = connectTo(address);
	const closed = closing(socket);
	socket.on('error', () => socket.destroy());
	socket.resume();
	await closed;
}

/** Lets the loop turn until `holds`. */
async function until(holds: () => boolean): Promise<void> {
	while (!holds()) await turns(1);
}

async function turns(count: number): Promise<void> {
	for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
}

async function collect(peer: Socket): Promise<Buffer> {
	const pieces: Buffer[] = [];
	for await (const piece of peer) pieces.push(piece as Buffer);
	return Buffer.concat(pieces);
}
