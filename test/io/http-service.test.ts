/** The hub's side alone, asked without greenlets: what can be said of it without luck only where nobody is parked. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { ABANDON, READ_BODY } from '../../src/io/http-messages.js';
import { closing, HttpBench } from '../support/http-bench.js';
import type { Question } from '../support/service-bench.js';

const AHEAD = 65_536;
const LONG = 64 * 1024 * 1024;

describe('the http service', () => {
	const http = new HttpBench();
	beforeEach(() => http.start());
	afterEach(() => http.stop());

	test('answers with a short response as a whole, and holds nothing', async () => {
		http.listener = (_, to) => to.writeHead(201, 'Made', ['X-One', '1', 'x-one', '2']).end('done');
		const got = await http.response(http.ask());
		assert.equal(got.status, 201);
		assert.equal(got.statusText, 'Made');
		assert.equal(got.handle, 0);
		assert.equal(got.bytes.toString(), 'done');
		assert.equal(got.redirected, false);
		assert.equal(got.url, `${http.head().origin}/`);
		assert.deepEqual(got.headers.slice(0, 4), ['X-One', '1', 'x-one', '2']);
	});

	test('sends a body with its length, and answers a HEAD', async () => {
		http.listener = async (from, to) => {
			const pieces: Buffer[] = [];
			for await (const piece of from) pieces.push(piece as Buffer);
			to.setHeader('x-length', String(from.headers['content-length'])).end(Buffer.concat(pieces));
		};
		const posted = await http.response(http.ask({ method: 'POST' }, Buffer.from('form')));
		assert.equal(posted.bytes.toString(), 'form');
		assert.ok(posted.headers.includes('4'));
		assert.equal((await http.response(http.ask({ method: 'HEAD' }))).handle, 0);
	});

	test('lets the server wait while nobody reads, and loses nothing', async () => {
		const asked = http.served();
		const question = http.ask();
		const [, to] = await asked;
		let sent = false;
		to.end(Buffer.alloc(LONG, 'x'), () => {
			sent = true;
		});
		const { handle } = await http.response(question);
		assert.notEqual(handle, 0);
		// However long this took: 64 MB fit into no buffer on the way.
		assert.equal(sent, false);
		assert.equal((await http.rest(handle)).length, LONG);
		assert.equal(http.bench.resource(handle), undefined, 'the end of the body releases the handle');
	});

	test('puts back what nobody took', async () => {
		const asked = http.served();
		const question = http.ask();
		const [, to] = await asked;
		to.write('first ');
		const { handle } = await http.response(question);
		const deaf = http.bench.ask(1, READ_BODY, handle, AHEAD, AHEAD);
		deaf.deaf = true;
		to.end('second');
		await once(to, 'finish');
		while (deaf.pending) await new Promise((turn) => setImmediate(turn));
		assert.equal((await http.rest(handle)).toString(), 'first second');
	});

	test('gives what came at once to a reader that wants one byte', async () => {
		const asked = http.served();
		const question = http.ask();
		const [, to] = await asked;
		to.write('first');
		const { handle } = await http.response(question);
		assert.equal((await http.bench.ask(1, READ_BODY, handle, 1, 2).answer)?.toString(), 'fi');
		assert.equal((await http.bench.ask(1, READ_BODY, handle, 1, AHEAD).answer)?.toString(), 'rst');
		const waiting = http.bench.ask(1, READ_BODY, handle, 1, AHEAD);
		await assert.rejects(http.bench.ask(2, READ_BODY, handle, 1, AHEAD).answer, { code: 'ERR_BUSY' });
		to.end();
		assert.equal(await waiting.answer, null);
		await assert.rejects(http.bench.ask(1, READ_BODY, handle, 1, AHEAD).answer, { code: 'ERR_CLOSED' });
	});

	test('uses a connection again, unless a fresh one is asked for', async () => {
		http.listener = (_, to) => to.end('ok');
		for (let i = 0; i < 3; i++) await http.response(http.ask());
		assert.equal(http.connections, 1);
		const closed = once(http.server, 'connection').then(([socket]) => closing(socket as Socket));
		await http.response(http.ask({ fresh: true }));
		await closed;
		assert.equal(http.connections, 2);
	});

	test('keeps pools apart by the options of the connection', async () => {
		http.listener = (_, to) => to.end('ok');
		await http.response(http.ask({ connection: { family: 4 } }));
		await http.response(http.ask({ connection: { localAddress: '127.0.0.1' } }));
		assert.equal(http.connections, 2);
	});

	describe('ends the request at the server', () => {
		async function aborted(question: Question<unknown>, end: () => void, error: object): Promise<void> {
			const [from] = await asked;
			const closed = closing(from.socket);
			const rejected = assert.rejects(question.answer, error);
			end();
			await rejected;
			await closed;
		}

		let asked: Promise<[IncomingMessage, ServerResponse]>;
		beforeEach(() => {
			asked = http.served();
		});

		test('when its greenlet is killed', async () => {
			const question = http.ask();
			await aborted(question, () => question.kill(), { message: 'killed' });
		});

		test('when its time is over', async () => {
			await aborted(http.ask({ timeoutMs: 50 }), () => http.bench.clock.advance(50), {
				code: 'ETIMEDOUT',
				name: 'TimedOutError',
				message: /GET http.* 50 ms/,
			});
		});

		test('when the headers take too long', async () => {
			await aborted(http.ask({ headersTimeoutMs: 70 }), () => http.bench.clock.advance(70), {
				code: 'ETIMEDOUT',
				message: /headers .* 70 ms/,
			});
		});

		test('when the body is given up', async () => {
			const question = http.ask();
			const [from, to] = await asked;
			to.write('part');
			const { handle } = await http.response(question);
			const closed = closing(from.socket);
			http.bench.ask(1, ABANDON, handle);
			await closed;
			await assert.rejects(http.bench.ask(1, READ_BODY, handle, 1, 1).answer, { code: 'ERR_CLOSED' });
			await http.bench.ask(1, ABANDON, handle).answer;
		});

		test('when a read of the body takes too long', async () => {
			const question = http.ask({ bodyTimeoutMs: 90 });
			const [, to] = await asked;
			to.write('part');
			const { handle } = await http.response(question);
			assert.equal((await http.bench.ask(1, READ_BODY, handle, 1, 9).answer)?.length, 4);
			assert.equal(http.bench.clock.alarms, 0);
			await aborted(http.bench.ask(1, READ_BODY, handle, 1, 9), () => http.bench.clock.advance(90), {
				code: 'ETIMEDOUT',
				message: /body .* 90 ms/,
			});
		});

		test('when all of its time is over while nobody reads', async () => {
			const question = http.ask({ timeoutMs: 30 });
			const [from, to] = await asked;
			to.write('part');
			const { handle } = await http.response(question);
			const closed = closing(from.socket);
			http.bench.clock.advance(30);
			await closed;
			await assert.rejects(http.bench.ask(1, READ_BODY, handle, 1, 9).answer, { code: 'ETIMEDOUT' });
		});
	});

	test('goes on after a read that was called off', async () => {
		const asked = http.served();
		const question = http.ask({ bodyTimeoutMs: 10 });
		const [, to] = await asked;
		to.flushHeaders();
		const { handle } = await http.response(question);
		const first = http.bench.ask(1, READ_BODY, handle, 1, 9);
		first.answer.catch(assert.ok);
		first.kill();
		assert.equal(http.bench.clock.alarms, 0);
		to.end('later');
		assert.equal((await http.bench.ask(1, READ_BODY, handle, 9, 9).answer)?.toString(), 'later');
	});

	describe('reports in words of Node', () => {
		async function raw(answer: string): Promise<Question<Buffer>> {
			const peer = createTcpServer((socket) => {
				// The client may hang up first.
				socket.on('error', () => socket.destroy());
				socket.once('data', () => socket.end(answer));
				peer.close();
			});
			peer.listen(0, '127.0.0.1');
			await once(peer, 'listening');
			return http.ask({ origin: `http://127.0.0.1:${(peer.address() as AddressInfo).port}` });
		}

		test('a refused connection', async () => {
			const question = http.ask({ origin: 'http://127.0.0.1:1' });
			await assert.rejects(question.answer, { code: 'ECONNREFUSED', syscall: 'connect', address: '127.0.0.1' });
		});

		test('a name that does not exist', async () => {
			// No name server is asked for what cannot be a name.
			await assert.rejects(http.ask({ origin: 'http://-' }).answer, {
				syscall: 'getaddrinfo',
				code: /^(ENOTFOUND|EAI_AGAIN)$/,
			});
		});

		test('a server that hangs up before it answers', async () => {
			await assert.rejects((await raw('')).answer, { code: 'ECONNRESET', message: 'socket hang up' });
		});

		test('a server that hangs up in the middle of a body', async () => {
			const question = await raw('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf');
			const { handle } = await http.response(question);
			await assert.rejects(http.rest(handle), { code: 'ECONNRESET' });
			http.bench.release(handle);
		});

		test('an answer that is not HTTP', async () => {
			await assert.rejects((await raw('SSH-2.0-x\r\n\r\n')).answer, { code: /^HPE_/ });
		});

		test('an argument that undici refuses', async () => {
			await assert.rejects(http.ask({ headers: ['expect', '100-continue'] }).answer, { code: 'UND_ERR_NOT_SUPPORTED' });
		});
	});
});
