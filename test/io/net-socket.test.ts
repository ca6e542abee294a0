import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { configure, spawn } from '../../src/index.js';
import { connectSync, IncompleteReadError, type Listener, listenSync, type Socket } from '../../src/io/net.js';
import { readOne } from '../fixtures/net-tasks.js';
import { NetPeer, type Step } from '../support/net-peer.js';
import { thrown } from '../support/thrown.js';

const MEGABYTE = 1024 * 1024;
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

describe('Socket reading', () => {
	test('read() gives what has arrived, at most as much as asked, and null at the end', async () => {
		using socket = await against({ send: 'abcdef' }, { end: true });
		assert.equal(socket.read(2)?.toString(), 'ab');
		assert.equal(socket.read(0)?.length, 0);
		assert.equal(socket.read()?.toString(), 'cdef');
		assert.equal(socket.readable, true);
		assert.equal(socket.read(), null);
		assert.equal(socket.read(), null);
		assert.equal(socket.readable, false);
	});

	test('readExactly() waits for all, and keeps what came before an early end', async () => {
		using socket = await against({ send: 'abc' }, { receive: 1 }, { send: 'def' }, { end: true });
		assert.equal(socket.readExactly(2)?.toString(), 'ab');
		socket.write('!');
		const error = thrown(() => socket.readExactly(100));
		assert.ok(error instanceof IncompleteReadError);
		assert.deepEqual([error.code, error.partial.toString(), error.expected], ['ERR_INCOMPLETE_READ', 'cdef', 100]);
		assert.equal(socket.readExactly(1), null);
	});

	test('readUntil() includes the separator, wherever the pieces were cut', async () => {
		using socket = await against({ send: 'a\r' }, { receive: 1 }, { send: '\nb\r\nc' }, { end: true });
		assert.equal(socket.read(1)?.toString(), 'a');
		socket.write('!');
		assert.equal(socket.readUntil('\r\n')?.toString(), '\r\n');
		assert.equal(socket.readUntil(Buffer.from('\r\n'))?.toString(), 'b\r\n');
		const error = thrown(() => socket.readUntil('\r\n'));
		assert.ok(error instanceof IncompleteReadError);
		assert.equal(error.partial.toString(), 'c');
		assert.equal(socket.readUntil('\r\n'), null);
	});

	test('readLine() strips either terminator, decodes, and takes a last line without one', async () => {
		using socket = await against({ send: 'one\r\n\ntwö\nlast' }, { end: true });
		assert.deepEqual([socket.readLine(), socket.readLine(), socket.readLine()], ['one', '', 'twö']);
		assert.equal(socket.readLine('latin1'), 'last');
		assert.equal(socket.readLine(), null);
		assert.equal(thrown(() => socket.readLine('utf16le' as 'utf8')).code, 'ERR_INVALID_ARG_VALUE');
	});

	test('a line that is too long is an error, and its bytes stay readable', async () => {
		using socket = await against({ send: 'x', times: 2 * MEGABYTE }, { end: true });
		assert.equal(thrown(() => socket.readLine({ maxLength: 100 })).code, 'ERR_READ_LIMIT');
		assert.equal(thrown(() => socket.readLine()).code, 'ERR_READ_LIMIT');
		assert.equal(socket.readAll().length, 2 * MEGABYTE);
	});

	test('readAll() gives everything, as a string on request, and nothing after it', async () => {
		using socket = await against({ send: 'ä' }, { end: true });
		assert.equal(socket.readAll('latin1'), 'Ã¤');
		assert.equal(socket.readAll('utf8'), '');
		assert.equal(socket.readAll().length, 0);
	});

	test('iteration yields Buffers until the end, and break leaves the socket open', async () => {
		using socket = await against({ send: 'ab' }, { receive: 1 }, { send: 'cd' }, { end: true });
		for (const chunk of socket) {
			assert.equal(chunk.toString(), 'ab');
			break;
		}
		socket.write('!');
		assert.equal(Buffer.concat([...socket]).toString(), 'cd');
	});

	test('megabytes in one direction arrive whole, in both sizes of read', async () => {
		using socket = await against({ send: '0123456789abcdef', times: MEGABYTE / 2 }, { end: true });
		let length = 0;
		for (const chunk of socket) {
			assert.equal(chunk[0], '0123456789abcdef'.charCodeAt(length % 16));
			length += chunk.length;
		}
		assert.equal(length, 8 * MEGABYTE);
	});

	test('a timeout loses nothing', async () => {
		using socket = await against({ send: 'abc' }, { receive: 1 }, { send: 'def' });
		socket.setTimeout(20);
		assert.equal(socket.timeout, 20);
		const error = thrown(() => socket.readExactly(6));
		assert.equal(error.code, 'ETIMEDOUT');
		socket.setTimeout(0).write('!');
		assert.equal(socket.readExactly(6)?.toString(), 'abcdef');
	});

	test('a reset is ECONNRESET, after what arrived before it', async () => {
		using socket = await against({ receive: 1 }, { close: true, reset: true });
		socket.write('!');
		const { code, syscall } = thrown(() => socket.read());
		assert.deepEqual({ code, syscall }, { code: 'ECONNRESET', syscall: 'read' });
	});

	test('a wrong count is refused at once', async () => {
		using socket = await against();
		assert.equal(thrown(() => socket.read(-1)).code, 'ERR_OUT_OF_RANGE');
		assert.equal(thrown(() => socket.readExactly('1' as unknown as number)).code, 'ERR_INVALID_ARG_TYPE');
		assert.equal(thrown(() => socket.readUntil('')).code, 'ERR_INVALID_ARG_VALUE');
		assert.equal(thrown(() => socket.write(1 as unknown as string)).code, 'ERR_INVALID_ARG_TYPE');
	});
});

describe('Socket writing', () => {
	test('write() takes strings, Buffers and views, and leaves them as they were', async () => {
		using socket = await against({ echo: true });
		const big = Buffer.alloc(MEGABYTE, 'x');
		socket.write('ä');
		socket.write('YQ==', 'base64');
		socket.write(new Uint8Array(new Uint8Array([98, 99, 100]).buffer, 1, 1));
		assert.equal(socket.readExactly(4)?.toString(), 'äac');
		socket.write('');
		const writer = spawn(readOne, socket, MEGABYTE);
		socket.write(big);
		assert.equal(writer.get()?.length, MEGABYTE);
		assert.equal(big.length, MEGABYTE);
		assert.equal(big[MEGABYTE - 1], 120);
	});

	test('end() closes one half only', async () => {
		using socket = await against({ receiveAll: true }, { send: 'got it' }, { end: true });
		socket.end('question');
		socket.end();
		assert.equal(socket.writable, false);
		assert.equal(thrown(() => socket.write('more')).code, 'ERR_STREAM_WRITE_AFTER_END');
		assert.equal(socket.readAll('utf8'), 'got it');
	});

	test('the end of the peer leaves this half open', async () => {
		const connection = await peer.call(await ownListener(), [{ send: 'x' }, { end: true }, { receiveAll: true }]);
		using socket = accepted();
		assert.equal(socket.readAll('utf8'), 'x');
		socket.end('answer');
		assert.equal((await peer.transcript(connection)).received, 'answer');
	});

	test('a peer that does not read stops the writer, which gets ETIMEDOUT when it asked for it', async () => {
		using socket = await against({ receive: 1 });
		socket.setTimeout(50);
		const error = thrown(() => {
			for (;;) socket.write(Buffer.alloc(MEGABYTE));
		});
		assert.equal(error.code, 'ETIMEDOUT');
	});

	test('a peer that has closed is EPIPE or ECONNRESET', async () => {
		using socket = await against({ close: true });
		assert.equal(socket.read(), null);
		const { code } = thrown(() => {
			for (;;) socket.write('x');
		});
		assert.ok(code === 'EPIPE' || code === 'ECONNRESET', code);
	});

	test('close() delivers what was written before it', async () => {
		const connection = await peer.call(await ownListener(), [{ receiveAll: true }]);
		const socket = accepted();
		socket.write(Buffer.alloc(100_000, 'x'));
		socket.close();
		socket.close();
		assert.equal(socket.closed, true);
		const { received, error } = await peer.transcript(connection);
		assert.deepEqual([received.length, error], [100_000, undefined]);
	});

	test('options are set without parking', async () => {
		using socket = await against({ echo: true });
		socket.setNoDelay().setKeepAlive(true, 1_000).setNoDelay(false).setKeepAlive();
		socket.write('x');
		assert.equal(socket.read()?.toString(), 'x');
	});

	let listener: Listener | undefined;

	async function ownListener(): Promise<{ port: number; host: string }> {
		listener = listenSync(0, '127.0.0.1');
		return { port: listener.port as number, host: '127.0.0.1' };
	}

	function accepted(): Socket {
		using open = listener as Listener;
		return open.accept();
	}
});
