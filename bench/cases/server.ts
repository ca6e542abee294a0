import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const local = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** A server in a process of its own, for the length of a bench. */
export class BenchServer implements AsyncDisposable {
	readonly #child: ChildProcess;
	readonly #listening: Promise<string>;
	readonly #watchers = new Set<() => void>();
	#output = '';

	/** @param command what to run, with its arguments */
	constructor(command: string, ...args: readonly string[]) {
		this.#child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
		for (const stream of [this.#child.stdout, this.#child.stderr]) {
			stream?.setEncoding('utf8').on('data', (text: string) => {
				this.#output += text;
				for (const watcher of this.#watchers) watcher();
			});
		}
		this.#listening = this.printed(/listening at:? (http:\/\/[\d.:]+)/i).then(([, url]) => url as string);
		this.#listening.catch(() => undefined);
	}

	/** A script of this project, as a path relative to `dist`, on this Node. */
	static node(script: string, ...args: string[]): BenchServer {
		return new BenchServer(process.execPath, local(`../../${script}`), ...args);
	}

	/** `tsgunicorn` with the gevent class on a free port. */
	static gevent(...args: string[]): BenchServer {
		return BenchServer.node('src/server/main.js', '--worker-class', 'gevent', '--bind', '127.0.0.1:0', ...args);
	}

	/**
	 * gunicorn with its gevent class on a free port.
	 * @param app a handler of bench/apps/wsgi.py
	 */
	static gunicorn(app: string, ...args: string[]): BenchServer {
		const apps = local('../../../bench/apps');
		return new BenchServer('gunicorn', '--worker-class', 'gevent', '--bind', '127.0.0.1:0', '--chdir', apps, ...args, `wsgi:${app}`);
	}

	/** The process that was started: the server itself, or the arbiter. */
	get pid(): number {
		return this.#child.pid ?? 0;
	}

	/** Where it listens, once it does. */
	url(): Promise<string> {
		return this.#listening;
	}

	/** Waits until `pattern` has been printed `count` times; the last match. */
	printed(pattern: RegExp, count = 1): Promise<RegExpExecArray> {
		const all = new RegExp(pattern, `${pattern.flags}g`);
		return new Promise((resolve, reject) => {
			const check = (): void => {
				const match = [...this.#output.matchAll(all)][count - 1];
				if (match) resolve(match);
			};
			this.#watchers.add(check);
			this.#child.once('error', reject);
			this.#child.once('close', () => reject(new Error(`The server ended before it printed ${pattern}:\n${this.#output}`)));
			check();
		});
	}

	async [Symbol.asyncDispose](): Promise<void> {
		if (this.#child.exitCode !== null || this.#child.pid === undefined) return;
		this.#child.kill('SIGTERM');
		await once(this.#child, 'close');
	}
}
