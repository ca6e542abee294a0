import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { projectPath } from '../../support/project.js';
import { RawClient, TestServer } from '../../support/server.js';

const APP = `${projectPath('dist/test/fixtures/timeout-app.js')}:handler`;
const CROWD = 150;

/** Connections that send one byte after the other until they are cut off. */
class Trickle implements Disposable {
	readonly clients: readonly RawClient[];
	readonly #timer: NodeJS.Timeout;

	private constructor(clients: readonly RawClient[], head: string) {
		this.clients = clients;
		for (const { socket } of clients) socket.write(head);
		this.#timer = setInterval(() => {
			for (const { socket } of clients) if (socket.writable) socket.write('x');
		}, 100);
	}

	static async start(port: number, count: number, head: string): Promise<Trickle> {
		return new Trickle(await Promise.all(Array.from({ length: count }, () => RawClient.connect(port))), head);
	}

	/** What they all have got by their end, be it a reset. */
	ended(): Promise<string[]> {
		return Promise.all(this.clients.map((client) => client.end().catch((error: NodeJS.ErrnoException) => String(error.code))));
	}

	[Symbol.dispose](): void {
		clearInterval(this.#timer);
		for (const client of this.clients) client[Symbol.dispose]();
	}
}

for (const kind of ['gevent', 'async']) {
	test(`Beside a crowd whose headers trickle in, ${kind} workers serve others, and TERM is not held up`, async () => {
		await using server = new TestServer([...['-k', kind, '--header-timeout', '1.5', '--graceful-timeout', '60', '-b', '127.0.0.1:0', APP]]);
		await server.get('/quick');
		const port = await server.port();
		using first = await Trickle.start(port, CROWD, 'GET /quick HTTP/1.1\r\nX: ');
		for (let asked = 0; asked < 10; asked++) {
			const before = performance.now();
			assert.equal((await server.get('/quick')).body, 'quick');
			assert.ok(performance.now() - before < 20_000, `${performance.now() - before} ms`);
		}
		for (const text of await first.ended()) assert.doesNotMatch(text, /200 OK/);
		const [line] = await server.logged(/\[WARNING\] Closed .*: the header of the request was not complete after 1\.5 s \(header_timeout\)/);
		assert.ok(line);
		using second = await Trickle.start(port, CROWD, 'GET /quick HTTP/1.1\r\nX: ');
		await delay(200);
		const before = performance.now();
		server.kill('SIGTERM');
		await second.ended();
		assert.equal(await server.exitStatus(), 0);
		assert.ok(performance.now() - before < 30_000, `${performance.now() - before} ms`);
		// A crowd is told of in a few lines, not in one each.
		assert.ok((server.log.match(/Closed /g)?.length ?? 0) < CROWD / 2, server.log);
		assert.doesNotMatch(server.log, /ERROR|graceful timeout/);
	});
}
