/** What the hub does with bodies and redirects, asked without greenlets. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { ABANDON, FINISH, pack, type RequestHead, SEND, UPLOAD } from '../../src/io/http-messages.js';
import { closing, HttpBench } from '../support/http-bench.js';

const AHEAD = 65_536;

describe('the http service', () => {
	const http = new HttpBench();
	beforeEach(() => http.start());
	afterEach(() => http.stop());

	describe('decodes', () => {
		const text = 'wovon man sprechen kann '.repeat(20_000);
		const encodings: [string, Buffer][] = [
			['gzip', gzipSync(text)],
			['x-gzip', gzipSync(text)],
			['br', brotliCompressSync(text)],
			['deflate', deflateSync(text)],
			['deflate', deflateRawSync(text)],
			['gzip, br', brotliCompressSync(gzipSync(text))],
			['identity', Buffer.from(text)],
		];
		for (const [encoding, bytes] of encodings) {
			test(`${encoding}, ${bytes.length} bytes`, async () => {
				http.listener = (_, to) => to.setHeader('content-encoding', encoding).end(bytes);
				const got = await http.response(http.ask());
				const all = got.handle === 0 ? got.bytes : await http.rest(got.handle);
				assert.equal(all.toString(), text);
			});
		}

		test('a short body before it answers, so that it comes along', async () => {
			http.listener = (_, to) => to.setHeader('content-encoding', 'gzip').end(gzipSync('short'));
			const got = await http.response(http.ask());
			assert.equal(got.handle, 0);
			assert.equal(got.bytes.toString(), 'short');
		});

		test('nothing when not asked to, nor what it does not know', async () => {
			http.listener = (from, to) => to.setHeader('content-encoding', from.url === '/odd' ? 'odd' : 'gzip').end('plain');
			assert.equal((await http.response(http.ask({ decompress: false }))).bytes.toString(), 'plain');
			assert.equal((await http.response(http.ask({ path: '/odd' }))).bytes.toString(), 'plain');
		});

		test('no rubbish', async () => {
			http.listener = (_, to) => to.setHeader('content-encoding', 'gzip').end('rubbish');
			const { handle } = await http.response(http.ask());
			await assert.rejects(http.rest(handle), { code: 'Z_DATA_ERROR' });
			http.bench.release(handle);
		});

		test('no body where there is none', async () => {
			http.listener = (_, to) => to.writeHead(204, { 'content-encoding': 'gzip' }).end();
			assert.equal((await http.response(http.ask())).bytes.length, 0);
		});
	});

	describe('redirects', () => {
		beforeEach(() => {
			http.listener = (from, to) => {
				from.resume();
				if (from.url === '/end') to.end(from.method);
				else if (from.url === '/loop') to.writeHead(302, { location: '/loop' }).end('around');
				else to.writeHead(307, { location: '/end' }).end('elsewhere');
			};
		});

		test('are followed, with the body', async () => {
			const got = await http.response(http.ask({ method: 'POST' }, Buffer.from('again')));
			assert.equal(got.url, `${http.head().origin}/end`);
			assert.equal(got.redirected, true);
			assert.equal(got.bytes.toString(), 'POST');
			assert.equal(http.connections, 1);
		});

		test('are returned, or refused, on demand', async () => {
			const got = await http.response(http.ask({ redirect: 'manual' }));
			assert.equal(got.status, 307);
			assert.equal(got.bytes.toString(), 'elsewhere');
			await assert.rejects(http.ask({ redirect: 'error' }).answer, { code: 'ERR_UNEXPECTED_REDIRECT' });
		});

		test('in a circle end', async () => {
			await assert.rejects(http.ask({ path: '/loop' }).answer, { code: 'ERR_TOO_MANY_REDIRECTS' });
		});
	});

	describe('uploads in pieces', () => {
		const upload = (more?: Partial<RequestHead>): Promise<number> =>
			http.bench.ask(1, UPLOAD, pack(http.head({ method: 'PUT', ...more }), null)).answer;

		test('as fast as the server reads', async () => {
			const asked = http.served();
			const handle = await upload();
			const piece = Buffer.alloc(1024 * 1024, 'x');
			let question = http.bench.ask(1, SEND, handle, piece);
			const [from, to] = await asked;
			let pieces = 1;
			// Sooner or later a server that does not read has taken what fits into the buffers on the way.
			for (let turns = 0; turns < 100; turns++) {
				if (question.pending) {
					await new Promise((turn) => setImmediate(turn));
					continue;
				}
				turns = 0;
				question = http.bench.ask(1, SEND, handle, piece);
				pieces++;
			}
			assert.ok(pieces < 64);
			let bytes = 0;
			from.on('data', (chunk: Buffer) => {
				bytes += chunk.length;
			});
			from.on('end', () => to.end('thanks'));
			assert.equal(await question.answer, 1);
			const got = await http.response(http.bench.ask(1, FINISH, handle));
			assert.equal(got.bytes.toString(), 'thanks');
			assert.equal(bytes, pieces * piece.length);
			assert.equal(http.bench.resource(handle), undefined);
		});

		test('until the server has answered', async () => {
			const asked = http.served();
			const handle = await upload();
			assert.equal(await http.bench.ask(1, SEND, handle, Buffer.from('x')).answer, 1);
			const [, to] = await asked;
			to.writeHead(413, { connection: 'close' }).end('too much');
			let more = 1;
			while (more === 1) more = await http.bench.ask(1, SEND, handle, Buffer.alloc(AHEAD)).answer;
			const got = await http.response(http.bench.ask(1, FINISH, handle));
			assert.equal(got.status, 413);
		});

		test('until they are given up', async () => {
			const asked = http.served();
			const handle = await upload();
			await http.bench.ask(1, SEND, handle, Buffer.from('x')).answer;
			const [from] = await asked;
			from.on('error', (error) => assert.equal(error.message, 'aborted'));
			const closed = closing(from.socket);
			http.bench.ask(1, ABANDON, handle);
			await closed;
			await assert.rejects(http.bench.ask(1, SEND, handle, Buffer.from('x')).answer, { code: 'ERR_CLOSED' });
		});

		test('tells a late asker what went wrong', async () => {
			const handle = await upload({ timeoutMs: 20 });
			http.bench.clock.advance(20);
			assert.equal(await http.bench.ask(1, SEND, handle, Buffer.from('x')).answer, 0);
			await assert.rejects(http.bench.ask(1, FINISH, handle).answer, { code: 'ETIMEDOUT' });
			assert.equal(http.bench.resource(handle), undefined);
		});

		test('not again after a redirect', async () => {
			http.listener = (from, to) => from.resume().on('end', () => to.writeHead(307, { location: '/end' }).end());
			const handle = await upload();
			await http.bench.ask(1, SEND, handle, Buffer.from('x')).answer;
			await assert.rejects(http.bench.ask(1, FINISH, handle).answer, { code: 'ERR_BODY_NOT_REPEATABLE' });
		});
	});
});
