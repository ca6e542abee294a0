import assert from 'node:assert/strict';
import { once } from 'node:events';
import http, { type IncomingMessage } from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { describe, test } from 'node:test';
import { compileAccessFormat, jsonAccess } from '../../../src/server/log/access-format.js';
import type { Access } from '../../../src/server/log/log.js';

/** What `use` makes of a request that has come over a real connection. */
async function withRequest<T>(raw: string, use: (request: IncomingMessage) => T): Promise<T> {
	const server = http.createServer({ insecureHTTPParser: true });
	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	const client = net.connect((server.address() as AddressInfo).port, '127.0.0.1');
	client.end(Buffer.from(raw, 'latin1'));
	try {
		const [request, response] = (await once(server, 'request')) as [IncomingMessage, http.ServerResponse];
		const result = use(request);
		response.end();
		return result;
	} finally {
		client.destroy();
		server.close();
		server.closeAllConnections();
	}
}

function accessOf(request: IncomingMessage, given: Partial<Access> = {}): Access {
	const head = () => 'HTTP/1.1 200 OK\r\nX-Made: by "us"\r\nContent-Type: text/plain\r\n\r\n';
	return {
		...{
			request,
			status: 200,
			head,
			bytes: 12,
			startedAt: new Date(2026, 0, 2, 3, 4, 5).getTime(),
			durationMs: 1234.5678,
			requestId: 'r-1',
		},
		...given,
	};
}

const GET =
	'GET /caf%C3%A9/x?a=1&b=%22 HTTP/1.1\r\nHost: app\r\nUser-Agent: agent/1\r\nReferer: http://from/\r\nAuthorization: Basic YWxpY2U6c2VjcmV0\r\n\r\n';

function line(format: string, raw = GET, given: Partial<Access> = {}): Promise<string> {
	return withRequest(raw, (request) => compileAccessFormat(format)(accessOf(request, given)));
}

describe('The access log', () => {
	for (const [atom, expected] of [
		['%(h)s', '127.0.0.1'],
		['%(l)s', '-'],
		['%(u)s', 'alice'],
		['%(r)s', 'GET /caf%C3%A9/x?a=1&b=%22 HTTP/1.1'],
		['%(m)s', 'GET'],
		['%(U)s', '/caf\\xc3\\xa9/x'],
		['%(q)s', 'a=1&b=%22'],
		['%(H)s', 'HTTP/1.1'],
		['%(s)s', '200'],
		['%(B)s', '12'],
		['%(b)s', '12'],
		['%(f)s', 'http://from/'],
		['%(a)s', 'agent/1'],
		['%(T)s', '1'],
		['%(M)s', '1234'],
		['%(D)s', '1234567'],
		['%(L)s', '1.234568'],
		['%(p)s', `<${process.pid}>`],
		['%({HOST}i)s', 'app'],
		['%({x-made}o)s', 'by \\"us\\"'],
		['%({REQUEST_METHOD}e)s', 'GET'],
		['%({http_user_agent}e)s', 'agent/1'],
		['%({remote_addr}e)s', '127.0.0.1'],
		['%({nothing}i)s %({nothing}o)s %({nothing}e)s %(z)s %(constructor)s', '- - - - -'],
		['100 %% "as is"', '100 % "as is"'],
	] as const) {
		test(`has ${atom}`, async () => {
			assert.equal(await line(atom), expected);
		});
	}

	test('has the time when the request was over', async () => {
		assert.match(await line('%(t)s'), /^\[02\/Jan\/2026:03:04:06 [+-]\d{4}\]$/);
	});

	test("has gunicorn's format by default, as most readers of logs know it", async () => {
		const format = '%(h)s %(l)s %(u)s %(t)s "%(r)s" %(s)s %(b)s "%(f)s" "%(a)s"';
		const text = await line(format, 'GET / HTTP/1.1\r\nHost: app\r\n\r\n');
		assert.match(text, /^127\.0\.0\.1 - - \[02\/Jan\/2026:03:04:06 \S+\] "GET \/ HTTP\/1\.1" 200 12 "-" "-"$/);
	});

	test('shows by a dash that nothing was answered', async () => {
		assert.equal(await line('%(s)s %(b)s %(B)s', GET, { status: 0, bytes: 0 }), '- - 0');
	});

	test('cannot be forged with quotes, line breaks, backslashes, control characters or bytes beyond ASCII', async () => {
		const raw = `GET /a%0A%22b HTTP/1.1\r\nHost: app\r\nUser-Agent: x" 200\\\t\x7f\x01caf\xc3\xa9\r\nAuthorization: Basic ${btoa('a"\r\nb\x1b[31m:p')}\r\n\r\n`;
		const text = await line('%(a)s|%(U)s|%(u)s', raw);
		assert.equal(text, 'x\\" 200\\\\\\t\\x7f\\x01caf\\xc3\\xa9|/a\\n\\"b|a\\"\\r\\nb\\x1b[31m');
	});

	test('takes a broken authorization for none', async () => {
		for (const given of ['Basic', 'Basic ***', 'Basic bm9jb2xvbg==', 'Bearer abc'])
			assert.equal(await line('%(u)s', `GET / HTTP/1.1\r\nHost: app\r\nAuthorization: ${given}\r\n\r\n`), '-');
	});

	test('refuses a format with a percent sign that begins nothing', () => {
		assert.throws(() => compileAccessFormat('%h'), /each % must begin an atom such as %\(h\)s, or be doubled, which is not so in '%h'/);
	});
});

describe('The access log in JSON', () => {
	test('has one object a line, with every field', async () => {
		const text = await withRequest(GET, (request) => jsonAccess()(accessOf(request)));
		const { time, ...rest } = JSON.parse(text) as Record<string, unknown>;
		assert.equal(time, new Date(2026, 0, 2, 3, 4, 5).toISOString());
		assert.deepEqual(rest, {
			request_id: 'r-1',
			remote_addr: '127.0.0.1',
			method: 'GET',
			path: '/caf%C3%A9/x',
			query: 'a=1&b=%22',
			protocol: 'HTTP/1.1',
			status: 200,
			bytes: 12,
			duration_ms: 1234.568,
			referer: 'http://from/',
			user_agent: 'agent/1',
			pid: process.pid,
		});
	});

	test('has null for what could not be read of a request', async () => {
		const text = await withRequest(GET, ({ socket }) => {
			const request = new http.IncomingMessage(socket);
			delete request.method;
			return jsonAccess()(accessOf(request, { line: 'GARBAGE', status: 400 }));
		});
		const { method, path, query, protocol, status, remote_addr } = JSON.parse(text) as Record<string, unknown>;
		assert.deepEqual([method, path, query, protocol, status, remote_addr], [null, null, null, null, 400, '127.0.0.1']);
	});

	test('keeps forged values inside their strings', async () => {
		const agent = '"}\\\n{"status":\x7f200\u00e9';
		const text = await withRequest(GET, (request) => {
			const rawHeaders = ['User-Agent', agent];
			return jsonAccess()(accessOf(Object.assign(request, { rawHeaders }), { status: 0 }));
		});
		assert.match(text, /^[ -~]+$/);
		const { user_agent, status, referer } = JSON.parse(text) as Record<string, unknown>;
		assert.deepEqual({ user_agent, status, referer }, { user_agent: agent, status: null, referer: null });
	});
});
