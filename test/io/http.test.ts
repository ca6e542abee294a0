import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { after, before, describe, test } from 'node:test';
import { configure, spawn } from '../../src/index.js';
import { fetchSync, getSync, type HeaderInit, HeaderMap, requestSync, SyncResponse } from '../../src/io/http.js';
import type { HttpAddress } from '../support/http-peer.js';
import { loadedBy } from '../support/http-tasks.js';
import { Peer } from '../support/peer.js';
import { projectPath } from '../support/project.js';

configure({ allowMainCallbacks: true });

interface Echo {
	readonly method: string;
	readonly url: string;
	readonly headers: Readonly<Record<string, string>>;
	readonly body: string;
	readonly bytes: number;
	readonly sha: string;
	readonly connections: number;
}

const MEGABYTE = 1024 * 1024;

describe('http', () => {
	const folder = mkdtempSync(join(tmpdir(), 'tsgevent-http-'));
	const socketPath = join(folder, 'peer.sock');
	const ca = readFileSync(projectPath('test/fixtures/localhost-cert.pem'));
	let peer: Peer<HttpAddress>;
	let http: string;
	let https: string;

	before(async () => {
		peer = await Peer.start<HttpAddress>(new URL('../support/http-peer.js', import.meta.url), { socketPath });
		({ http, https } = peer.address);
	});

	after(async () => {
		await peer.stop();
		rmSync(folder, { recursive: true });
	});

	const echo = (response: SyncResponse): Echo => response.json<Echo>();

	describe('fetchSync', () => {
		test('returns status, headers and body', () => {
			const response = fetchSync(`${http}/hello`);
			assert.ok(response instanceof SyncResponse);
			assert.ok(response.headers instanceof HeaderMap);
			assert.deepEqual([response.status, response.statusText, response.ok], [200, 'OK', true]);
			assert.equal(response.headers.get('content-length'), '5');
			assert.equal(response.url, `${http}/hello`);
			assert.equal(response.bodyUsed, false);
			assert.equal(response.text(), 'hello');
			assert.equal(response.bodyUsed, true);
			assert.throws(() => response.text(), { name: 'TypeError', message: /read before/ });
		});

		test('gives the body in every form', () => {
			assert.deepEqual(fetchSync(`${http}/hello`).bytes(), Buffer.from('hello'));
			assert.deepEqual(fetchSync(`${http}/hello`).arrayBuffer(), new Uint8Array(Buffer.from('hello')).buffer);
			assert.equal(Buffer.concat([...fetchSync(`${http}/hello`)]).toString(), 'hello');
			assert.equal(fetchSync(`${http}/hello`).body.readAll('latin1'), 'hello');
			const { body } = fetchSync(`${http}/hello`);
			assert.deepEqual([body.read(2), body.read(), body.read()], [Buffer.from('he'), Buffer.from('llo'), null]);
			assert.throws(() => body.read(0), { code: 'ERR_OUT_OF_RANGE' });
		});

		test('does not throw for a status that tells of an error', () => {
			const response = fetchSync(`${http}/nowhere`);
			assert.deepEqual([response.status, response.ok, response.text()], [404, false, 'nothing here']);
		});

		test('asks as fetch does', () => {
			const { method, url, headers } = echo(fetchSync(`${http}/echo?a=b#fragment`));
			assert.deepEqual([method, url], ['GET', '/echo?a=b']);
			assert.equal(headers.accept, '*/*');
			assert.equal(headers['accept-encoding'], 'gzip, deflate, br');
			assert.equal(headers['user-agent'], 'tsgevent');
			assert.equal(echo(fetchSync(`${http}/echo`, { method: 'post' })).method, 'POST');
		});

		test('sends headers in every form', () => {
			for (const headers of [
				{ 'X-Mine': 'a', 'X-Two': ['b', 'c'] },
				[
					['X-Mine', 'a'],
					['X-Two', 'b'],
					['X-Two', 'c'],
				],
				['X-Mine', 'a', 'X-Two', 'b, c'],
				new HeaderMap(['X-Mine', 'a', 'X-Two', 'b', 'X-Two', 'c']),
			]) {
				const got = echo(fetchSync(`${http}/echo`, { headers: headers as HeaderInit })).headers;
				assert.deepEqual([got['x-mine'], got['x-two']], ['a', 'b, c']);
			}
		});

		test('sends bodies in every form, with the type that fetch gives them', () => {
			const send = (body: NonNullable<Parameters<typeof fetchSync>[1]>['body']): Echo =>
				echo(fetchSync(`${http}/echo`, { method: 'POST', body }));
			for (const [body, type] of [
				['grün', 'text/plain;charset=UTF-8'],
				[Buffer.from('grün'), undefined],
				[new Uint8Array(Buffer.from('grün')), undefined],
				[new Uint8Array(Buffer.from('grün')).buffer, undefined],
				[['gr', Buffer.from('ün')], undefined],
				[new Set(['grün']), undefined],
			] as const) {
				const got = send(body);
				assert.deepEqual([got.body, got.headers['content-type']], ['grün', type]);
			}
			const form = send(new URLSearchParams({ q: 'grün' }));
			assert.deepEqual([form.body, form.headers['content-type']], ['q=gr%C3%BCn', 'application/x-www-form-urlencoded;charset=UTF-8']);
			assert.equal(send('').headers['content-length'], '0');
		});

		test('undoes gzip and br', () => {
			assert.equal(fetchSync(`${http}/gzip`).text(), 'zipped');
			assert.equal(fetchSync(`${http}/br`).text(), 'brotli');
			assert.notEqual(fetchSync(`${http}/gzip`, { decompress: false }).text(), 'zipped');
		});

		test('follows redirects, and drops credentials on the way to another origin', () => {
			const back = `${http}/redirect?to=/echo`;
			const same = fetchSync(back, { headers: { authorization: 'Basic x' } });
			assert.equal(same.redirected, true);
			assert.equal(same.url, `${http}/echo`);
			assert.equal(echo(same).headers.authorization, 'Basic x');
			const away = fetchSync(`${https}/redirect?to=${encodeURIComponent(back)}`, { headers: { authorization: 'Basic x' }, ca });
			assert.equal(echo(away).headers.authorization, undefined);
			assert.equal(echo(fetchSync(`${http}/redirect?to=/echo`, { method: 'POST', body: 'x' })).method, 'GET');
			assert.equal(echo(fetchSync(`${http}/redirect?status=307&to=/echo`, { method: 'POST', body: 'x' })).body, 'x');
			assert.equal(fetchSync(back, { redirect: 'manual' }).status, 302);
			assert.throws(() => fetchSync(back, { redirect: 'error' }), { code: 'ERR_UNEXPECTED_REDIRECT' });
		});

		test('keeps cookies apart', () => {
			assert.deepEqual(fetchSync(`${http}/cookies`).headers.getSetCookie(), ['a=1', 'b=2']);
		});

		test('speaks TLS', () => {
			assert.equal(fetchSync(`${https}/hello`, { ca }).text(), 'hello');
			assert.equal(fetchSync(`${https}/hello`, { rejectUnauthorized: false }).text(), 'hello');
			assert.throws(() => fetchSync(`${https}/hello`), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
		});

		test('refuses what a blocking call cannot do, at the line of the caller', () => {
			const bad = (init: object, error: object): void => assert.throws(() => fetchSync(`${http}/echo`, init), error);
			bad({ signal: new AbortController().signal }, { name: 'TypeError', message: /timeout/ });
			bad({ method: 'POST', body: Readable.from(['x']) }, { code: 'ERR_INVALID_ARG_TYPE' });
			bad({ method: 'POST', body: 5 }, { code: 'ERR_INVALID_ARG_TYPE' });
			bad({ method: 'POST', body: [5] }, { code: 'ERR_INVALID_ARG_TYPE' });
			bad({ body: 'x' }, { name: 'TypeError', message: /GET has no body/ });
			bad({ method: 'a b' }, { code: 'ERR_INVALID_HTTP_TOKEN' });
			bad({ method: 'CONNECT' }, { code: 'ERR_INVALID_ARG_VALUE' });
			bad({ headers: { 'a b': 'x' } }, { code: 'ERR_INVALID_HTTP_TOKEN' });
			bad({ headers: { a: 'x\ny' } }, { code: 'ERR_INVALID_CHAR' });
			bad({ headers: 'a' }, { code: 'ERR_INVALID_ARG_TYPE' });
			bad({ timeout: -1 }, { code: 'ERR_OUT_OF_RANGE' });
			bad({ timeout: '1' }, { code: 'ERR_INVALID_ARG_TYPE' });
			bad({ redirect: 'maybe' }, { code: 'ERR_INVALID_ARG_VALUE' });
			assert.throws(() => fetchSync('/relative'), { code: 'ERR_INVALID_URL' });
			assert.throws(() => fetchSync('ftp://127.0.0.1/'), { code: 'ERR_INVALID_PROTOCOL' });
			assert.throws(() => fetchSync('http://user:word@127.0.0.1/'), { name: 'TypeError', message: /credentials/ });
		});

		test('loads neither fetch nor the HTTP modules into the thread', () => {
			assert.deepEqual(spawn(loadedBy, `${http}/hello`).get(), []);
		});
	});

	describe('requestSync', () => {
		test('takes the arguments of http.request', () => {
			const { port } = new URL(http);
			const asked = [
				requestSync(`${http}/echo?x`),
				requestSync(new URL(`${http}/echo?x`)),
				requestSync({ host: '127.0.0.1', port, path: '/echo?x' }),
				requestSync({ hostname: '127.0.0.1', host: 'never.invalid', port: Number(port), path: '/echo?x' }),
				requestSync(http, { path: '/echo?x' }),
			];
			for (const response of asked) assert.equal(echo(response).url, '/echo?x');
			const { headers, method } = echo(requestSync(http.replace('//', '//user:w%20d@'), { path: '/echo', method: 'DELETE' }));
			assert.equal(headers.authorization, `Basic ${Buffer.from('user:w d').toString('base64')}`);
			assert.equal(headers['accept-encoding'], undefined);
			assert.equal(method, 'DELETE');
		});

		test('leaves redirects and compression to the caller, as http.request does', () => {
			assert.equal(getSync(`${http}/redirect?to=/echo`).status, 302);
			assert.equal(getSync(`${http}/redirect?to=/hello`, { redirect: 'follow' }).text(), 'hello');
			assert.notEqual(getSync(`${http}/gzip`).text(), 'zipped');
			assert.equal(getSync(`${http}/gzip`, { decompress: true }).text(), 'zipped');
		});

		test('talks over a Unix socket', () => {
			assert.equal(getSync({ socketPath, path: '/hello' }).text(), 'hello');
		});

		test('uses a connection again, unless told not to', () => {
			const first = echo(getSync(`${http}/echo`)).connections;
			assert.equal(echo(getSync(`${http}/echo`)).connections, first);
			assert.equal(echo(getSync(`${http}/echo`, { agent: false })).connections, first + 1);
		});

		test('refuses agents, callbacks, and addresses that cannot be', () => {
			assert.throws(() => requestSync(http, { agent: {} as false }), { code: 'ERR_INVALID_ARG_VALUE', message: /hub owns/ });
			assert.throws(() => requestSync(http, (() => 0) as object), { code: 'ERR_INVALID_ARG_TYPE', message: /callback/ });
			assert.throws(() => requestSync(5 as never), { code: 'ERR_INVALID_ARG_TYPE' });
			assert.throws(() => requestSync({ protocol: 'ws:' }), { code: 'ERR_INVALID_PROTOCOL' });
			assert.throws(() => requestSync({ path: '/a b' }), { code: 'ERR_UNESCAPED_CHARACTERS' });
			assert.throws(() => requestSync({ port: 70_000 }), { code: 'ERR_INVALID_ARG_VALUE' });
		});
	});

	describe('large bodies', () => {
		test('stream down, in memory that does not grow with them', () => {
			const response = getSync(`${http}/download?mb=512`);
			const before = process.memoryUsage().rss;
			let bytes = 0;
			let most = 0;
			for (const chunk of response) {
				bytes += chunk.length;
				most = Math.max(most, chunk.length);
			}
			assert.equal(bytes, 512 * MEGABYTE);
			assert.ok(most <= 65_536);
			// What nobody holds any more, in three threads, comes to up to 200 MB before it is collected.
			assert.ok(process.memoryUsage().rss - before < 400 * MEGABYTE);
		});

		test('come whole on demand', () => {
			assert.equal(fetchSync(`${http}/download?mb=20`).bytes().length, 20 * MEGABYTE);
		});

		test('stream up from a generator, one piece at a time', () => {
			const piece = Buffer.alloc(MEGABYTE / 2, 'y');
			const hash = createHash('sha256');
			function* pieces(): Generator<Buffer> {
				for (let i = 0; i < 512; i++) {
					hash.update(piece);
					yield piece;
				}
			}
			const before = process.memoryUsage().rss;
			const got = echo(requestSync(`${http}/echo`, { method: 'PUT', body: pieces() }));
			assert.ok(process.memoryUsage().rss - before < 192 * MEGABYTE);
			assert.deepEqual([got.bytes, got.sha, got.headers['transfer-encoding']], [256 * MEGABYTE, hash.digest('hex'), 'chunked']);
		});

		test('go from one server to another', () => {
			const from = getSync(`${http}/download?mb=5`);
			const got = echo(
				requestSync(`${https}/echo`, { method: 'PUT', body: from.body, ca, headers: { 'content-length': String(5 * MEGABYTE) } }),
			);
			assert.deepEqual([got.bytes, got.headers['content-length']], [5 * MEGABYTE, String(5 * MEGABYTE)]);
		});

		test('stop going up when the server has answered', () => {
			let stopped = false;
			function* endless(): Generator<Buffer> {
				try {
					for (;;) yield Buffer.alloc(MEGABYTE);
				} finally {
					stopped = true;
				}
			}
			assert.equal(requestSync(`${http}/too-much`, { method: 'PUT', body: endless() }).status, 413);
			assert.equal(stopped, true);
		});

		test('abort at the server when their generator throws', async () => {
			const piece = Buffer.alloc(MEGABYTE);
			function* failing(): Generator<Buffer> {
				// More than fits into the buffers on the way: the server has begun to read.
				for (let i = 0; i < 64; i++) yield piece;
				throw new RangeError('no more');
			}
			assert.throws(() => requestSync(`${http}/echo`, { method: 'PUT', body: failing() }), { name: 'RangeError', message: 'no more' });
			await peer.saw('aborted');
		});
	});

	describe('errors', () => {
		test('are those of Node, with the stack of the caller', () => {
			const error = errorOf(() => getSync('http://127.0.0.1:1/'));
			assert.deepEqual([error.code, error.syscall, error.port], ['ECONNREFUSED', 'connect', 1]);
			assert.match(error.stack as string, /http\.test\.js/);
			// No name server is asked for what cannot be a name.
			assert.equal(errorOf(() => fetchSync('http://-/')).syscall, 'getaddrinfo');
		});

		test('in the middle of a body reach its reader', () => {
			const response = getSync(`${http}/reset`);
			assert.throws(() => response.text(), { code: 'ECONNRESET' });
		});

		test('tell of a body that was closed', () => {
			const response = getSync(`${http}/hello`);
			response.close();
			response.close();
			assert.throws(() => response.text(), { code: 'ERR_CLOSED' });
		});
	});
});

interface Thrown extends NodeJS.ErrnoException {
	readonly port?: number;
}

function errorOf(run: () => unknown): Thrown {
	try {
		run();
	} catch (error) {
		return error as Thrown;
	}
	return assert.fail('nothing was thrown');
}
