import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { leftOvers } from './left-overs.js';
import { projectPath, projectRoot } from './project.js';

const MARK = 'TSGEVENT_TEST_SERVER';
const DEADLINE_MS = 60_000;
/** Later than any answer to what is done again. */
const AGAIN_MS = 3_000;
/** How long processes that nobody waits for may take to end: a worker that is still starting has first to notice that its arbiter is gone. */
const LEFT_OVERS_MS = 20_000;

/** The worker class that most tests serve with, and its app. */
export const PLAIN = ['-k', projectPath('dist/test/fixtures/plain-worker.js')];
export const PLAIN_APP = `${projectPath('dist/test/fixtures/plain-app.js')}:handler`;

/** An answer, read to its end. */
export interface Answer {
	readonly status: number | undefined;
	readonly headers: http.IncomingHttpHeaders;
	readonly body: string;
}

/** What a test may want of the process beside its arguments. */
export interface TestServerOptions {
	/** Added to the environment; `undefined` takes a variable away. */
	readonly env?: NodeJS.ProcessEnv;
	/** Arguments of Node's own, such as `--import`. */
	readonly execArgv?: readonly string[];
	/** The current directory; default: the project's root. */
	readonly cwd?: string;
	/** A command that runs the server, which is given to it as its last arguments. */
	readonly wrapper?: readonly string[];
	/** Descriptors that become 3 and up in the server. */
	readonly descriptors?: readonly number[];
	/** Texts of files in the server's folder, by their names; they are there before the server begins to start. */
	readonly files?: Readonly<Record<string, string>>;
}

/** A real `tsgunicorn` with a folder of its own; disposing ends it and asserts that it has left no process, no socket and no pid file. */
export class TestServer implements AsyncDisposable {
	/** A folder for the test's files, which goes with the server. */
	readonly folder: string;
	readonly #child: ChildProcess;
	readonly #mark = randomUUID();
	readonly #ended: Promise<unknown>;
	#log = '';
	readonly #watchers = new Set<() => void>();

	/**
	 * Starts the command.
	 * @param args its arguments, or what makes them from the path of the folder
	 */
	constructor(args: readonly string[] | ((folder: string) => readonly string[]), options: TestServerOptions = {}) {
		this.folder = mkdtempSync(join(tmpdir(), 'tsgunicorn-'));
		const { NODE_TEST_CONTEXT: _, ...env } = process.env;
		const given = typeof args === 'function' ? args(this.folder) : args;
		for (const [name, text] of Object.entries(options.files ?? {})) this.write(name, text);
		const server = [process.execPath, ...(options.execArgv ?? []), projectPath('dist/src/server/main.js'), ...given];
		const [command = '', ...rest] = [...(options.wrapper ?? []), ...server];
		// A process group of its own, so that a test can press Ctrl-C.
		this.#child = spawn(command, rest, {
			cwd: options.cwd ?? projectRoot,
			env: { ...env, ...options.env, [MARK]: this.#mark },
			stdio: ['ignore', 'pipe', 'pipe', ...(options.descriptors ?? [])],
			detached: true,
		});
		this.#ended = once(this.#child, 'close');
		for (const stream of [this.#child.stdout, this.#child.stderr]) {
			stream?.setEncoding('utf8').on('data', (text: string) => {
				this.#log += text;
				for (const watcher of this.#watchers) watcher();
			});
		}
	}

	get pid(): number {
		return this.#child.pid ?? 0;
	}

	/** All output so far, of the arbiter and its workers. */
	get log(): string {
		return this.#log;
	}

	/** The pids of all workers that began to boot, in that order. */
	get workerPids(): number[] {
		return [...this.#log.matchAll(/Booting worker with pid: (\d+)\n/g)].map(([, pid]) => Number(pid));
	}

	/** Waits until `pattern` has been logged `count` times, with a deadline that shows the log. */
	logged(pattern: RegExp, count = 1): Promise<RegExpExecArray> {
		const all = new RegExp(pattern, 'g');
		return new Promise((resolve, reject) => {
			const deadline = setTimeout(() => {
				this.#watchers.delete(check);
				reject(new Error(`Nothing like ${pattern} (${count} times) was logged:\n${this.#log}`));
			}, DEADLINE_MS);
			const check = () => {
				const match = [...this.#log.matchAll(all)][count - 1];
				if (!match) return;
				clearTimeout(deadline);
				this.#watchers.delete(check);
				resolve(match);
			};
			this.#watchers.add(check);
			check();
		});
	}

	/**
	 * Does something, and does it again every few seconds until `pattern` has been logged `count` times: for what may come to nothing on
	 * a busy machine, as a look at stacks does when a thread gets no time to answer.
	 */
	async insist(act: () => void, pattern: RegExp, count = 1): Promise<RegExpExecArray> {
		act();
		const again = setInterval(act, AGAIN_MS);
		try {
			return await this.logged(pattern, count);
		} finally {
			clearInterval(again);
		}
	}

	/** The port of the first TCP listener. */
	async port(): Promise<number> {
		const [, port] = await this.logged(/Listening at: \S*http:\/\/[^,\s]*:(\d+)[,\s]/);
		return Number(port);
	}

	/** Signals the arbiter. */
	kill(signal: NodeJS.Signals): void {
		process.kill(this.pid, signal);
	}

	/** Signals the whole process group, as a terminal does. */
	killGroup(signal: NodeJS.Signals): void {
		process.kill(-this.pid, signal);
	}

	/** Waits for the end of the arbiter and of its output; returns its exit status. */
	async exitStatus(): Promise<number | null> {
		const timeout = setTimeout(() => this.killGroup('SIGKILL'), DEADLINE_MS);
		await this.#ended;
		clearTimeout(timeout);
		return this.#child.exitCode;
	}

	/** Asks the first TCP listener; what was logged before the answer is in `log` then. */
	async get(path: string, options: http.RequestOptions = {}): Promise<Answer> {
		const answer = await get({ port: await this.port(), path, ...options });
		// Both may have become readable in the same turn of the loop, and the log may be read second.
		await nextTurn();
		return answer;
	}

	/** The target of a request that the app holds until the file `name` exists in the server's folder. */
	pathUntil(path: string, name: string): string {
		return `${path}?${encodeURIComponent(join(this.folder, name))}`;
	}

	/** Makes a file in the server's folder; returns its path. */
	write(name: string, text = ''): string {
		const path = join(this.folder, name);
		writeFileSync(path, text);
		return path;
	}

	/** What a server that has ended must have removed: the sockets it listened at and the file with its pid. */
	#leftFiles(): string[] {
		const sockets = [...this.#log.matchAll(/Listening at: (\S+)/g)].flatMap(([, all = '']) => all.split(','));
		const paths = new Set(sockets.filter((one) => one.startsWith(`unix:${this.folder}/`)).map((one) => one.slice('unix:'.length)));
		const bound = [...paths].filter((path) => existsSync(path) && statSync(path).isSocket());
		const files = readdirSync(this.folder, { withFileTypes: true }).filter((entry) => entry.isFile());
		const own = files.map(({ name }) => join(this.folder, name)).filter((path) => readFileSync(path, 'utf8') === `${this.pid}\n`);
		return [...bound, ...own];
	}

	async [Symbol.asyncDispose](): Promise<void> {
		if (this.#child.exitCode === null && this.#child.signalCode === null) this.kill('SIGQUIT');
		await this.exitStatus();
		const left = await leftOvers(MARK, this.#mark, LEFT_OVERS_MS);
		for (const { pid } of left) process.kill(pid, 'SIGKILL');
		const files = this.#child.exitCode === 0 ? this.#leftFiles() : [];
		rmSync(this.folder, { recursive: true });
		assert.deepEqual(left, [], `processes are left after:\n${this.#log}`);
		assert.deepEqual(files, [], `a server that ended well has left files after:\n${this.#log}`);
	}
}

/** One request, on a connection of its own unless an agent is given. */
export function get(options: http.RequestOptions): Promise<Answer> {
	return new Promise((resolve, reject) => {
		const request = http.get({ host: '127.0.0.1', agent: false, ...options }, (response) => {
			let body = '';
			response.setEncoding('utf8').on('data', (text: string) => {
				body += text;
			});
			response.on('error', reject).on('end', () => resolve({ status: response.statusCode, headers: response.headers, body }));
		});
		request.on('error', reject);
	});
}

/** A client that speaks plain text over one connection. */
export class RawClient implements Disposable {
	readonly socket: net.Socket;
	#received = '';
	readonly #ended: Promise<void>;

	constructor(socket: net.Socket) {
		this.socket = socket;
		this.#ended = new Promise((resolve, reject) => {
			socket.once('error', reject).once('close', () => resolve());
		});
		// Told to whoever waits for the end; nobody may.
		this.#ended.catch(() => undefined);
		socket.setEncoding('utf8').on('data', (text: string) => {
			this.#received += text;
		});
	}

	static async connect(port: number): Promise<RawClient> {
		const socket = net.connect(port, '127.0.0.1');
		await once(socket, 'connect');
		return new RawClient(socket);
	}

	/** Sends a request that keeps the connection. */
	send(path: string): void {
		this.socket.write(`GET ${path} HTTP/1.1\r\nHost: app\r\n\r\n`);
	}

	/** Waits until `pattern` has been received. */
	async received(pattern: RegExp): Promise<string> {
		const deadline = AbortSignal.timeout(DEADLINE_MS);
		while (!pattern.test(this.#received))
			await Promise.race([once(this.socket, 'data', { signal: deadline }), this.#ended.then(() => this.#mustMatch(pattern))]);
		// As in `get` above.
		await nextTurn();
		return this.#received;
	}

	/** Everything received until the server closed the connection; rejects when it was reset. */
	async end(): Promise<string> {
		await this.#ended;
		return this.#received;
	}

	[Symbol.dispose](): void {
		this.socket.destroy();
	}

	#mustMatch(pattern: RegExp): void {
		if (!pattern.test(this.#received)) throw new Error(`The connection ended before ${pattern}, after: ${this.#received}`);
	}
}
