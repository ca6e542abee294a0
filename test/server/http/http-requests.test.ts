import assert from 'node:assert/strict';
import http from 'node:http';
import { after, before, test } from 'node:test';
import { projectPath } from '../../support/project.js';
import { RawClient, TestServer } from '../../support/server.js';

const APP = `${projectPath('dist/test/fixtures/http-app.js')}:handler`;

let server: TestServer;
let port: number;

before(async () => {
	server = new TestServer(['-k', 'gevent', '-b', '127.0.0.1:0', '--keep-alive', '600', APP]);
	port = await server.port();
});
after(() => server[Symbol.asyncDispose]());

/** Sends text as it is and returns everything up to the end of the connection. */
async function exchange(text: string): Promise<string> {
	using client = await RawClient.connect(port);
	client.socket.write(text);
	return await client.end();
}

function head(path: string, { method = 'GET', version = '1.1', fields = '' } = {}): string {
	return `${method} ${path} HTTP/${version}\r\nHost: app\r\n${fields}\r\n`;
}

const CLOSE = { fields: 'Connection: close\r\n' };

test('A request arrives as the client sent it', async () => {
	const { body } = await server.get('/request?a=b%20c', { headers: { 'X-One': 'first', Cookie: 'a=1' } });
	const seen = JSON.parse(body);
	assert.deepEqual(
		{ ...seen, rawHeaders: undefined, headers: undefined },
		{
			method: 'GET',
			url: '/request?a=b%20c',
			httpVersion: '1.1',
			remoteAddress: '127.0.0.1',
			remoteFamily: 'IPv4',
			localPort: port,
			rawHeaders: undefined,
			headers: undefined,
		},
	);
	assert.equal(seen.headers['x-one'], 'first');
	assert.equal(seen.headers.cookie, 'a=1');
	assert.deepEqual(seen.rawHeaders.slice(0, 4), ['X-One', 'first', 'Cookie', 'a=1']);
});

test("A response is framed by the app's own ServerResponse", async () => {
	const answer = await exchange(head('/hello', CLOSE));
	assert.match(answer, /^HTTP\/1\.1 200 OK\r\nDate: [^\r]+\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello$/);
});

test('A response written piece by piece is chunked', async () => {
	const answer = await exchange(head('/pieces', CLOSE));
	assert.match(answer, /Transfer-Encoding: chunked\r\n\r\n4\r\none \r\n4\r\ntwo \r\n5\r\nthree\r\n0\r\n\r\n$/);
});

test('What was written before the handler parks is sent at once', async () => {
	using client = await RawClient.connect(port);
	const file = `${server.folder}/go-first`;
	client.send(`/first-then-hold?file=${file}`);
	await client.received(/first /);
	server.write('go-first');
	await client.received(/last\r\n0\r\n\r\n$/);
});

test('A response that has ended is sent although its handler goes on', async () => {
	using client = await RawClient.connect(port);
	client.send(`/end-then-hold?file=${server.folder}/go-end`);
	await client.received(/all of it$/);
	client.send('/hello');
	await client.received(/hello$/);
	assert.doesNotMatch(server.log, /went on/);
	server.write('go-end');
	await server.logged(/went on/);
});

test('HEAD, 204 and 304 have no body and keep the connection', async () => {
	const answer = await exchange(
		head('/hello', { method: 'HEAD' }) + head('/empty?status=204') + head('/empty?status=304') + head('/hello', CLOSE),
	);
	const [first, second, third, fourth] = answer.split(/(?=HTTP\/1\.1)/);
	assert.match(first ?? '', /^HTTP\/1\.1 200 OK\r\n(.+\r\n)+\r\n$/);
	assert.match(second ?? '', /^HTTP\/1\.1 204 No Content\r\n(.+\r\n)+\r\n$/);
	assert.match(third ?? '', /^HTTP\/1\.1 304 Not Modified\r\n(.+\r\n)+\r\n$/);
	assert.match(fourth ?? '', /hello$/);
});

test('An HTTP/1.0 client gets no chunks, and its connection is closed', async () => {
	const answer = await exchange(head('/pieces', { version: '1.0' }));
	assert.match(answer, /^HTTP\/1\.1 200 OK\r\nDate: [^\r]+\r\nConnection: close\r\n\r\none two three$/);
});

test('An HTTP/1.0 client may ask for its connection to be kept', async () => {
	const kept = head('/sized', { version: '1.0', fields: 'Connection: keep-alive\r\n' });
	const answer = await exchange(kept + head('/hello', { version: '1.0' }));
	assert.match(answer, /Connection: keep-alive\r\n[\s\S]*sized[\s\S]*Connection: close\r\n[\s\S]*hello$/);
});

test('An app may end the connection with its response', async () => {
	const answer = await exchange(head('/close') + head('/hello'));
	assert.match(answer, /Connection: close\r\n[\s\S]*bye$/);
	assert.equal(answer.split('HTTP/1.1').length, 2);
});

test('Two requests follow each other on one connection', async () => {
	using client = await RawClient.connect(port);
	client.send('/hello');
	assert.match(await client.received(/hello$/), /Connection: keep-alive\r\nKeep-Alive: timeout=600\r\n/);
	client.send('/async');
	await client.received(/after await$/);
});

test('Pipelined requests run at the same time and are answered in their order', async () => {
	using client = await RawClient.connect(port);
	const file = `${server.folder}/go-pipeline`;
	client.socket.write(head(`/first-then-hold?file=${file}`) + head('/close'));
	await client.received(/first /);
	server.write('go-pipeline');
	const answer = await client.end();
	assert.match(answer, /first [\s\S]*last[\s\S]*HTTP\/1\.1 200[\s\S]*bye$/);
});

test('Trailers and informational responses reach the client', async () => {
	assert.match(await exchange(head('/trailers', CLOSE)), /\r\n\r\n4\r\nbody\r\n0\r\nX-Sum: 4\r\n\r\n$/);
	const hinted = await exchange(head('/hints', CLOSE));
	assert.match(
		hinted,
		/^HTTP\/1\.1 103 Early Hints\r\nLink: <\/style\.css>; rel=preload; as=style\r\n\r\nHTTP\/1\.1 200 OK\r\n[\s\S]*hinted$/,
	);
});

test('Expect: 100-continue is answered before the body is sent', async () => {
	using client = await RawClient.connect(port);
	client.socket.write(head('/body', { method: 'POST', fields: 'Expect: 100-continue\r\nContent-Length: 4\r\nConnection: close\r\n' }));
	await client.received(/^HTTP\/1\.1 100 Continue\r\n\r\n$/);
	client.socket.write('late');
	assert.match(await client.end(), /100 Continue\r\n\r\nHTTP\/1\.1 200 OK\r\n[\s\S]*4:late:true$/);
});

test('A handler that throws is answered with 500, logged with its stack, and the connection goes on', async () => {
	const answer = await exchange(head('/throw') + head('/reject') + head('/hello', CLOSE));
	assert.equal(answer.match(/HTTP\/1\.1 500 Internal Server Error\r\n/g)?.length, 2);
	assert.match(answer, /Content-Length: 22\r\n\r\nInternal Server Error\nHTTP[\s\S]*hello$/);
	await server.logged(/\[ERROR\] Error handling request GET \/throw\nError: thrown on purpose\n {4}at .*http-app\.js/);
	await server.logged(/\[ERROR\] Error handling request GET \/reject\nError: rejected on purpose\n/);
});

test('A handler that throws after the header was sent has its connection closed', async () => {
	const answer = await exchange(head('/throw-late'));
	assert.match(answer, /\r\nbeginning\r\n$/);
	await server.logged(/Error: thrown late\n/);
});

test('A complete response is sent although its handler throws afterwards', async () => {
	assert.match(await exchange(head('/throw-after-end', CLOSE)), /HTTP\/1\.1 200 OK[\s\S]*complete$/);
	await server.logged(/Error: thrown after the end\n/);
});

test('A greenlet that is lost is answered with 500, and the pool recovers', async () => {
	assert.equal((await server.get('/exit')).status, 500);
	await server.logged(/\[ERROR\] Error handling request GET \/exit\n.*Lost greenlet/);
	assert.equal((await server.get('/hello')).body, 'hello');
});

test('Callbacks and async functions may end the response after the handler has returned', async () => {
	assert.equal((await server.get('/callback')).body, 'from a callback');
	assert.equal((await server.get('/async')).body, 'after await');
	assert.equal((await server.get('/timeout')).body, 'idle for too long');
});

test("The request and the response tell their end as under Node's own server", async () => {
	assert.equal((await server.get('/closes')).body, 'watch me');
	await server.logged(/closed: finish, (?:request, response|response, request)\n/);
});

test('Upgrade and CONNECT are answered with 501, an offer of HTTP/2 is ignored', async () => {
	const upgrade = (to: string) => head('/hello', { fields: `Connection: Upgrade${to === 'h2c' ? ', close' : ''}\r\nUpgrade: ${to}\r\n` });
	assert.match(await exchange(upgrade('websocket')), /^HTTP\/1\.1 501 Not Implemented\r\n/);
	assert.match(await exchange(head('app:443', { method: 'CONNECT' })), /^HTTP\/1\.1 501 Not Implemented\r\n/);
	assert.match(await exchange(upgrade('h2c')), /^HTTP\/1\.1 200 OK\r\n[\s\S]*hello$/);
});

test('What is not HTTP is answered with 400', async () => {
	assert.match(await exchange('nonsense\r\n\r\n'), /^HTTP\/1\.1 400 Bad Request\r\n/);
});

test('Requests beyond the threads wait their turn', async () => {
	const agent = new http.Agent({ keepAlive: true, maxSockets: 40 });
	const answers = await Promise.all(Array.from({ length: 200 }, () => server.get('/pieces', { agent })));
	agent.destroy();
	assert.deepEqual(new Set(answers.map(({ status, body }) => `${status} ${body}`)), new Set(['200 one two three']));
});
