import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { TestServer } from '../../support/server.js';

const KINDS = ['gevent', 'sync', 'async'];
const ANY_PORT = ['-b', '127.0.0.1:0'];

/** A port that somebody listens at. */
class TakenPort implements Disposable {
	readonly port: number;
	readonly #server: net.Server;

	private constructor(server: net.Server) {
		this.#server = server;
		this.port = (server.address() as net.AddressInfo).port;
	}

	static async take(): Promise<TakenPort> {
		const server = net.createServer();
		server.listen(0);
		await once(server, 'listening');
		return new TakenPort(server);
	}

	[Symbol.dispose](): void {
		this.#server.close();
	}
}

/** A server of a class that serves such a module. */
function serve(kind: string, app: string, ...args: string[]): TestServer {
	const server = new TestServer((folder) => ['-k', kind, ...args, ...ANY_PORT, join(folder, 'app.mjs')], { files: { 'app.mjs': app } });
	return server;
}

const BROKEN: readonly { what: string; app: string; status: number; line: RegExp; args?: string[] }[] = [
	{
		what: 'throws',
		app: "throw new TypeError('no database');",
		status: 4,
		line: /\[ERROR\] Cannot load app .*its module threw: no database/,
	},
	{ what: 'exports nothing', app: 'export const other = 1;', status: 4, line: /\[ERROR\] Cannot load app .*exports no 'application'/ },
	{ what: 'is no code', app: 'export const app = (;', status: 4, line: /\[ERROR\] Cannot load app .*Unexpected token/ },
	{
		what: 'ends its process',
		app: 'process.exit(0);',
		status: 3,
		line: /\[ERROR\] (Worker .*exited with code 0 before it was ready|Exception in worker process\n.*its thread could not be set up: .*exited with code: 0)/,
	},
	{
		what: 'never becomes ready',
		app: 'setInterval(() => undefined, 1e3); await new Promise(() => undefined);',
		args: ['--boot-timeout', '1.5'],
		status: 3,
		line: /\[CRITICAL\] WORKER TIMEOUT \(pid:\d+\): it did not get ready within boot_timeout \(1\.5 s\)\n/,
	},
	{
		what: 'spins',
		app: 'function spinWhileLoading() { for (;;); } spinWhileLoading();',
		args: ['--boot-timeout', '1.5'],
		status: 3,
		line: /\[CRITICAL\] WORKER TIMEOUT \(pid:\d+\): it did not get ready within boot_timeout \(1\.5 s\)\n/,
	},
];

describe('A broken app', { concurrency: 3 }, () => {
	for (const { what, app, status, line, args = [] } of BROKEN) {
		test(`An app that ${what} while it loads ends the server with ${status} and a line that says why, in every class`, async () => {
			const endings = KINDS.map(async (kind) => {
				await using server = serve(kind, app, ...args);
				assert.equal(await server.exitStatus(), status, server.log);
				assert.equal(server.log.match(new RegExp(line, 'g'))?.length, 1, `${kind}: ${line} once in\n${server.log}`);
				assert.match(server.log, /\[ERROR\] Shutting down: Master\n.*\[ERROR\] Reason: (Worker failed to boot|App failed to load)\.\n/);
				// A process that starts slowly may be given up before it has said that it boots.
				assert.ok(server.workerPids.length <= 1, server.log);
			});
			await Promise.all(endings);
		});
	}

	test('An app that does not exist ends the server with 4 in every class', async () => {
		const endings = KINDS.map(async (kind) => {
			await using server = new TestServer((folder) => ['-k', kind, ...ANY_PORT, join(folder, 'nowhere.mjs')]);
			assert.equal(await server.exitStatus(), 4);
			assert.equal(server.log.match(/\[ERROR\] Cannot load app '\S+nowhere\.mjs': there is no module/g)?.length, 1, server.log);
		});
		await Promise.all(endings);
	});

	test('An app that listens by itself is served in every class, and the log says what it had better do', async () => {
		// With a host the error comes later than without.
		const askings = KINDS.map(async (kind) => {
			const host = kind === 'gevent' ? '' : ", '127.0.0.1'";
			// Held by somebody else from the beginning, so that it is in use for every worker and thread.
			using taken = await TakenPort.take();
			const app = `import { createServer } from 'node:http';
				createServer(() => undefined).listen(${taken.port}${host});
				export const app = (request, response) => response.end(String(process.pid));`;
			await using server = serve(kind, app, '-w', '2');
			await server.logged(/Booting worker/, 2);
			const where = `\\S+:${taken.port}`;
			await server.logged(new RegExp(`\\[WARNING\\] The app listens by itself at ${where}, where another .*Let`), 2);
			for (let asked = 0; asked < 20; asked++) assert.ok(server.workerPids.includes(Number((await server.get('/')).body)));
			server.kill('SIGTERM');
			assert.equal(await server.exitStatus(), 0);
			assert.equal(server.workerPids.length, 2);
			assert.doesNotMatch(server.log, /ERROR|will be replaced|Autorestarting/);
		});
		await Promise.all(askings);
	});
});
