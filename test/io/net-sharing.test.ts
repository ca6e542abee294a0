import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { configure, GreenletExit, spawn, spawnWith } from '../../src/index.js';
import { connectSync, type Listener, listenSync, type Socket } from '../../src/io/net.js';
import { hold, readOne, readStubbornly, tellEverything, vanish, writeForever } from '../fixtures/net-tasks.js';
import { NetPeer, type Step } from '../support/net-peer.js';
import { thrown } from '../support/thrown.js';

configure({ allowMainCallbacks: true });

let peer: NetPeer;

before(() => {
	peer = new NetPeer();
});

after(() => peer[Symbol.asyncDispose]());

/** A socket whose other side goes through the steps. */
async function against(...steps: Step[]): Promise<Socket> {
	return connectSync(await peer.listen(steps));
}

function listenHere(): Listener {
	return listenSync(0, '127.0.0.1');
}

/** Tries to read more than there is until another greenlet is found parked in a read; takes nothing. */
function untilBusy(socket: Socket): Error {
	socket.setTimeout(5);
	let error = thrown(() => socket.readExactly(1_000));
	while (error.code === 'ETIMEDOUT') error = thrown(() => socket.readExactly(1_000));
	assert.equal(error.code, 'ERR_BUSY');
	socket.setTimeout(0);
	return error;
}

describe('a Socket of two greenlets', () => {
	test('works in the other one, and knows there what it knew here', async () => {
		using socket = await against({ send: 'abc' });
		socket.setTimeout(30_000);
		const { localPort, remoteAddress, remotePort, remoteFamily, timeout } = socket;
		assert.deepEqual(spawn(tellEverything, socket).get(), { localPort, remoteAddress, remotePort, remoteFamily, timeout });
		assert.equal(spawn(readOne, socket, 2).get(), 'ab');
		assert.equal(socket.readExactly(1)?.toString(), 'c');
	});

	test('gives the bytes of a killed reader to the next one', async () => {
		using socket = await against({ send: 'abc' }, { receive: 1 }, { send: 'def' });
		const reader = spawn(readStubbornly, socket, 6);
		untilBusy(socket);
		reader.kill();
		assert.ok((reader.get() as unknown) instanceof GreenletExit);
		socket.write('!');
		assert.equal(socket.readExactly(6)?.toString(), 'abcdef');
	});

	test('wakes a parked reader with ClosedError when it is closed', async () => {
		using socket = await against();
		const reader = spawn(readStubbornly, socket, 1);
		untilBusy(socket);
		socket.close();
		const error = thrown(() => reader.get());
		assert.equal(error.code, 'ERR_CLOSED');
		assert.match(error.message, /was closed while a greenlet was using it/);
	});

	test('wakes a parked writer with ClosedError when it is closed', async () => {
		using socket = await against({ send: 'x' });
		socket.readExactly(1);
		const writer = spawn(writeForever, socket);
		socket.close();
		assert.equal(thrown(() => writer.get()).code, 'ERR_CLOSED');
	});

	test('lets only one of them read, and the error names both', async () => {
		using socket = await against({ receive: 1 }, { send: 'x' });
		const other = spawnWith({ name: 'stubborn' }, readStubbornly, socket, 1);
		const error = untilBusy(socket);
		assert.match(error.message, /in greenlet \d+.*: greenlet \d+ \(stubborn\) is reading it/);
		socket.write('!');
		assert.equal(other.get(), 'x');
	});

	test('stays open when one releases it, and closes with its last holder', async () => {
		using listener = listenHere();
		const connection = await peer.call({ port: listener.port as number, host: '127.0.0.1' }, [
			{ receive: 4 },
			{ send: 'x' },
			{ receiveAll: true },
		]);
		const socket = listener.accept();
		const watch = spawn(readOne, socket, 1);
		const holder = spawn(hold, socket);
		socket.release();
		assert.equal(thrown(() => socket.read()).code, 'ERR_CLOSED');
		assert.equal(watch.get(), 'x');
		holder.kill();
		assert.deepEqual(await peer.transcript(connection), { received: 'held', error: undefined });
	});

	test('closes when the thread of its last holder is lost', async () => {
		using listener = listenHere();
		const connection = await peer.call({ port: listener.port as number, host: '127.0.0.1' }, [{ receiveAll: true }]);
		const socket = listener.accept();
		const holder = spawn(vanish, socket);
		socket.release();
		assert.equal(thrown(() => holder.get()).code, 'ERR_GREENLET_LOST');
		assert.deepEqual(await peer.transcript(connection), { received: 'bye', error: undefined });
	});
});
