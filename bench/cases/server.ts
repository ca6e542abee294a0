import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** A server in a process of its own, for the length of a bench. */
export class BenchServer implements AsyncDisposable {
	readonly #child: ChildProcess;
	readonly #listening: Promise<string>;

	/** @param args what Node is to run: a script of this project, as a path relative to `dist`, and its arguments */
	constructor([script, ...args]: readonly [script: string, ...args: string[]]) {
		const file = fileURLToPath(new URL(`../../${script}`, import.meta.url));
		this.#child = spawn(process.execPath, [file, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
		this.#listening = listening(this.#child);
	}

	/** `tsgunicorn` with the gevent class on a free port. */
	static gevent(...args: string[]): BenchServer {
		return new BenchServer(['src/server/main.js', '--worker-class', 'gevent', '--bind', '127.0.0.1:0', ...args]);
	}

	/** The process that was started: the server itself, or the arbiter. */
	get pid(): number {
		return this.#child.pid ?? 0;
	}

	/** Where it listens, once it does. */
	url(): Promise<string> {
		return this.#listening;
	}

	async [Symbol.asyncDispose](): Promise<void> {
		if (this.#child.exitCode !== null) return;
		this.#child.kill('SIGTERM');
		await once(this.#child, 'close');
	}
}

function listening(child: ChildProcess): Promise<string> {
	let output = '';
	return new Promise((resolve, reject) => {
		const read = (text: string): void => {
			output += text;
			const url = /listening at:? (http:\/\/[\d.:]+)/i.exec(output)?.[1];
			if (url !== undefined) resolve(url);
		};
		for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', read);
		child.on('close', () => reject(new Error(`The server ended before it listened:\n${output}`)));
	});
}
