import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { configure, spawn } from '../../src/index.js';
import { connectSync, type Listener, listenSync } from '../../src/io/net.js';
import { acceptOne, echoLines } from '../fixtures/net-tasks.js';
import { NetPeer, type Step } from '../support/net-peer.js';
import { Peer } from '../support/peer.js';
import { thrown } from '../support/thrown.js';

configure({ allowMainCallbacks: true });

let peer: NetPeer;
let folder: string;

before(() => {
	peer = new NetPeer();
	folder = mkdtempSync(join(tmpdir(), 'tsgevent-net-'));
});

after(async () => {
	await peer[Symbol.asyncDispose]();
	rmSync(folder, { recursive: true });
});

function listenHere(): Listener {
	return listenSync(0, '127.0.0.1');
}

/** Whether the port of a closed listener can be listened on again. */
function reopens(): boolean {
	const closed = listenHere();
	const { port } = closed;
	closed.close();
	try {
		listenSync({ port, host: '127.0.0.1' }).close();
		return true;
	} catch (error) {
		assert.equal((error as NodeJS.ErrnoException).code, 'EADDRINUSE');
		return false;
	}
}

describe('connectSync()', () => {
	test('takes options, a port and host, and a path, as net.connect does', async () => {
		const target = (await peer.listen([{ send: 'hi' }, { end: true }])) as { port: number; host: string };
		const path = join(folder, 'connect.sock');
		await peer.listen([{ send: 'hi' }, { end: true }], path);
		const sockets = [
			connectSync(target),
			connectSync(target.port, target.host),
			connectSync(target.port),
			connectSync(path),
			connectSync({ path }),
		];
		for (const socket of sockets) {
			assert.equal(socket.readAll('utf8'), 'hi');
			socket.close();
		}
	});

	test('knows both addresses', async () => {
		const target = (await peer.listen([])) as { port: number };
		using socket = connectSync({ ...target, localAddress: '127.0.0.1' });
		assert.deepEqual(
			[socket.remoteAddress, socket.remotePort, socket.remoteFamily, socket.localAddress, socket.localFamily],
			['127.0.0.1', target.port, 'IPv4', '127.0.0.1', 'IPv4'],
		);
		assert.ok((socket.localPort ?? 0) > 0);
	});

	test('throws ECONNREFUSED with its fields and the stack of the caller', () => {
		// Reserved, and in nobody's range of free ports: a port that was free a moment ago may be another process's now.
		const port = 1;
		const error = thrown(function theCaller() {
			connectSync({ port, host: '127.0.0.1' });
		});
		const { code, syscall, address } = error as NodeJS.ErrnoException & { address: string };
		assert.deepEqual({ code, syscall, address, port }, { code: 'ECONNREFUSED', syscall: 'connect', address: '127.0.0.1', port });
		assert.match(error.stack ?? '', /theCaller/);
		assert.doesNotMatch(error.stack ?? '', /net-service/);
	});

	test('throws ENOTFOUND for a name that does not exist, ENOENT for a path', () => {
		const { code, syscall } = thrown(() => connectSync(80, 'no such name'));
		assert.deepEqual({ code, syscall }, { code: 'ENOTFOUND', syscall: 'getaddrinfo' });
		assert.equal(thrown(() => connectSync(join(folder, 'nobody.sock'))).code, 'ENOENT');
	});

	test('throws ETIMEDOUT, with the fields of a system error, when the timeout passes', async () => {
		const deaf = await Peer.start<number>(new URL('../fixtures/deaf-listener.js', import.meta.url));
		const target = { port: deaf.address, host: '127.0.0.1', timeout: 100 };
		const error = thrown(() => {
			for (;;) connectSync(target); // until the queue of connections is full
		});
		assert.equal(error.name, 'TimedOutError');
		const { code, syscall, errno, address } = error as NodeJS.ErrnoException & { address: string };
		assert.deepEqual({ code, syscall, errno, address }, { code: 'ETIMEDOUT', syscall: 'connect', errno: -110, address: '127.0.0.1' });
		await deaf.stop();
	});

	test("refuses bad options with Node's codes, and those that need the caller's thread", () => {
		assert.equal(thrown(() => connectSync({ port: 70_000 })).code, 'ERR_SOCKET_BAD_PORT');
		assert.equal(thrown(() => connectSync({})).code, 'ERR_MISSING_ARGS');
		assert.equal(thrown(() => connectSync({ port: 1, localAddress: 'x' })).code, 'ERR_INVALID_IP_ADDRESS');
		assert.equal(thrown(() => connectSync({ port: 1, timeout: -1 })).code, 'ERR_OUT_OF_RANGE');
		const withLookup = { port: 1, lookup: () => undefined };
		assert.match(thrown(() => connectSync(withLookup)).message, /the option lookup/);
		const withSignal = { port: 1, signal: new AbortController().signal };
		assert.match(thrown(() => connectSync(withSignal)).message, /use timeout/);
		assert.equal(thrown(() => connectSync({ port: 1, signal: AbortSignal.abort() } as object)).name, 'AbortError');
	});
});

describe('Listener', () => {
	test('accepts over TCP, says where it listens, and serves each client in a greenlet', async () => {
		using listener = listenHere();
		assert.deepEqual(listener.address(), { address: '127.0.0.1', family: 'IPv4', port: listener.port });
		const target = { port: listener.port as number, host: '127.0.0.1' };
		const steps: Step[] = [{ send: 'one\n' }, { receive: 4 }, { send: 'two\n' }, { end: true }, { receiveAll: true }];
		const calls = [await peer.call(target, steps), await peer.call(target, steps), await peer.call(target, steps)];
		const servers = calls.map(() => {
			const client = listener.accept({ timeout: 30_000 });
			const server = spawn(echoLines, client);
			client.release();
			return server;
		});
		for (const server of servers) server.get();
		for (const call of calls) assert.deepEqual(await peer.transcript(call), { received: 'ONE\nTWO\n', error: undefined });
	});

	test('accepts over a Unix path, which goes away with it', async () => {
		const path = join(folder, 'listener.sock');
		using listener = listenSync(path);
		assert.equal(listener.address(), path);
		assert.equal(listener.port, undefined);
		const call = await peer.call({ path }, [{ send: 'x' }, { receiveAll: true }]);
		const socket = listener.accept();
		assert.equal(socket.readExactly(1)?.toString(), 'x');
		assert.equal(socket.remoteAddress, undefined);
		socket.close();
		assert.equal((await peer.transcript(call)).error, undefined);
		listener.close();
		assert.equal(thrown(() => connectSync(path)).code, 'ENOENT');
	});

	test('can be accepted from in several greenlets; each gets another connection', async () => {
		using listener = listenHere();
		const target = { port: listener.port as number, host: '127.0.0.1' };
		const acceptors = [spawn(acceptOne, listener), spawn(acceptOne, listener)];
		await peer.call(target, [{ send: '1\n' }]);
		await peer.call(target, [{ send: '2\n' }]);
		assert.deepEqual(acceptors.map((acceptor) => acceptor.get()).sort(), [1, 2]);
	});

	test('times out, and with 0 takes only what is there', async () => {
		using listener = listenHere();
		assert.equal(thrown(() => listener.accept({ timeout: 10 })).code, 'ETIMEDOUT');
		assert.equal(thrown(() => listener.accept({ timeout: 0 })).code, 'ETIMEDOUT');
	});

	test('wakes a parked accept with ClosedError when it is closed, and ends a loop', () => {
		using listener = listenHere();
		const acceptor = spawn(acceptOne, listener);
		listener.close();
		assert.equal(thrown(() => acceptor.get()).code, 'ERR_CLOSED');
		assert.deepEqual([...listener], []);
		assert.equal(thrown(() => listener.accept()).code, 'ERR_CLOSED');
	});

	test('of a port in use is EADDRINUSE, and the port is free after close()', () => {
		using listener = listenHere();
		const { port } = listener;
		const error = thrown(() => listenSync({ port, host: '127.0.0.1' }));
		assert.deepEqual([error.code, error.syscall], ['EADDRINUSE', 'listen']);
		listener.close();
		// Another process may be faster at one port, but hardly at each of several.
		assert.ok([1, 2, 3, 4, 5].some(reopens));
	});

	test('refuses bad arguments with the codes of Node', () => {
		assert.equal(thrown(() => listenSync(-1)).code, 'ERR_SOCKET_BAD_PORT');
		assert.equal(thrown(() => listenSync({ fd: 3 } as object)).code, 'ERR_INVALID_ARG_VALUE');
	});
});
