import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import { after, before, test } from 'node:test';
import { projectPath } from '../../support/project.js';
import { RawClient, TestServer } from '../../support/server.js';

const APP = `${projectPath('dist/test/fixtures/http-app.js')}:handler`;
const MEGABYTE = 1_048_576;

let server: TestServer;
let port: number;

before(async () => {
	server = new TestServer(['-k', 'gevent', '-b', '127.0.0.1:0', '--keep-alive', '600', APP]);
	port = await server.port();
});
after(() => server[Symbol.asyncDispose]());

function post(path: string, fields: string): string {
	return `POST ${path} HTTP/1.1\r\nHost: app\r\n${fields}\r\n`;
}

/** Uploads `length` bytes and returns the answer. */
function upload(path: string, length: number): Promise<string> {
	return new Promise((resolve, reject) => {
		const request = http.request({ port, path, method: 'POST', headers: { 'Content-Length': length }, agent: false }, (response) => {
			let body = '';
			response.setEncoding('utf8').on('data', (text: string) => {
				body += text;
			});
			response.on('end', () => resolve(body));
		});
		request.on('error', reject);
		const piece = Buffer.alloc(65_536, 'z');
		let left = length;
		const more = (): void => {
			while (left > 0) {
				const next = piece.subarray(0, Math.min(left, piece.length));
				left -= next.length;
				if (!request.write(next)) return void request.once('drain', more);
			}
			request.end();
		};
		more();
	});
}

/** Downloads and counts. */
function download(path: string): Promise<number> {
	return new Promise((resolve, reject) => {
		const request = http.get({ port, path, agent: false }, (response) => {
			let length = 0;
			response.on('data', (chunk: Buffer) => {
				length += chunk.length;
			});
			response.on('end', () => resolve(length)).on('error', reject);
		});
		request.on('error', reject);
	});
}

/** The most memory the worker has ever had, in bytes. */
function peakMemory(): number {
	const status = readFileSync(`/proc/${server.workerPids[0]}/status`, 'latin1');
	return Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) * 1024;
}

test('readBodySync() returns a body that came with its header, one that comes later, and an empty one', async () => {
	using client = await RawClient.connect(port);
	client.socket.write(`${post('/body', 'Content-Length: 5\r\n')}at on`);
	await client.received(/5:at on:true$/);
	client.socket.write(`${post('/body', 'Transfer-Encoding: chunked\r\n')}3\r\nin \r\n`);
	client.socket.write('6\r\npieces\r\n0\r\n\r\n');
	await client.received(/9:in pieces:true$/);
	client.socket.write(`${post('/body', 'Content-Length: 0\r\n')}`);
	await client.received(/0::true$/);
});

test('readBodySync() returns a large body', async () => {
	assert.equal(await upload('/body', 5 * MEGABYTE), `${5 * MEGABYTE}:${'z'.repeat(20)}:true`);
});

test('readBodySync() leaves the trailers where Node puts them', async () => {
	using client = await RawClient.connect(port);
	client.socket.write(`${post('/body-trailers', 'Transfer-Encoding: chunked\r\n')}4\r\nbody\r\n0\r\nX-Sum: 4\r\n\r\n`);
	await client.received(/\{"body":"body","trailers":\{"x-sum":"4"\}\}$/);
});

test('readBodySync() refuses a body that is being read as a stream', async () => {
	assert.equal(await upload('/body-twice', 10), 'ERR_BUSY');
});

test('A body nobody reads is thrown away, and the connection goes on', async () => {
	using client = await RawClient.connect(port);
	client.socket.write(post('/body-unread', `Content-Length: ${MEGABYTE}\r\n`));
	await client.received(/did not look$/);
	client.socket.write(Buffer.alloc(MEGABYTE));
	client.send('/hello');
	await client.received(/hello$/);
});

test('Long bodies pass through memory that does not grow with them', async () => {
	const pass = async (megabytes: number): Promise<void> => {
		const length = megabytes * MEGABYTE;
		assert.equal(await upload('/count', length), String(length));
		assert.equal(await download(`/produce?pieces=${megabytes * 16}`), length);
		assert.equal(await download(`/pipe?pieces=${megabytes * 16}`), length);
	};
	await pass(50);
	const before = peakMemory();
	await pass(200);
	const grown = (peakMemory() - before) / MEGABYTE;
	assert.ok(grown < 80, `the worker's memory grew by ${grown.toFixed(0)} MB`);
});

test('A handler that writes more than its client reads waits for it', async () => {
	using client = await RawClient.connect(port);
	const times = () => server.log.match(/produced\n/g)?.length ?? 0;
	const before = times();
	client.socket.pause();
	client.send('/produce?pieces=400');
	assert.equal((await server.get('/hello')).body, 'hello');
	assert.equal(times(), before);
	client.socket.resume();
	await server.logged(/produced\n/, before + 1);
	await client.received(/\r\n0\r\n\r\n$/);
});

test("A client that leaves wakes a park on its request's body", async () => {
	const client = await RawClient.connect(port);
	client.socket.write(`${post('/body-lost', 'Content-Length: 100\r\n')}a part`);
	await server.logged(/reading/);
	client.socket.destroy();
	await server.logged(/body: ECONNRESET aborted\n/);
});

test("A client that leaves wakes a park on its request's response, and nothing is logged for it", async () => {
	const client = await RawClient.connect(port);
	client.socket.pause();
	client.send('/produce-lost');
	await server.logged(/producing/);
	client.socket.destroy();
	await server.logged(/response: ECONNRESET aborted\n/);
	assert.equal((await server.get('/hello')).body, 'hello');
	assert.doesNotMatch(server.log, /Error handling request GET \/produce-lost/);
});

test('A client that leaves shows in the signal of a handler that blocks', async () => {
	const client = await RawClient.connect(port);
	client.send('/leave-blocking');
	await client.received(/200 OK/);
	client.socket.destroy();
	await server.logged(/the signal says: left/);
});

test('A client that leaves shows in the events of a handler that has returned', async () => {
	const client = await RawClient.connect(port);
	client.send('/leave-events');
	await client.received(/200 OK/);
	client.socket.destroy();
	await server.logged(/events: ECONNRESET, aborted, request close, response close, signal\n/);
});

test('A client that leaves interrupts nothing else', async () => {
	const client = await RawClient.connect(port);
	client.send(`/leave-sleeping?file=${server.folder}/go-left`);
	await client.received(/200 OK/);
	client.socket.destroy();
	server.write('go-left');
	await server.logged(/not interrupted/);
});
