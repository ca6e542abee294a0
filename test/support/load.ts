import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { FromLoad, LoadOptions, LoadReport, ToLoad } from './load-messages.js';
import { Random } from './random.js';

export type { Failure, LoadOptions, LoadReport } from './load-messages.js';

/**
 * Clients that keep a server busy, in a process of their own, and count every request that fails. A connection that the server
 * has closed before the first byte of the next request was sent is no failure; a request that was written and not answered
 * is one, whatever the connection had been through: nothing is sent twice.
 */
export class Load implements AsyncDisposable {
	readonly seed: number;
	readonly #child: ChildProcess;
	readonly #reported: Promise<LoadReport>;
	#done = 0;
	#failed = 0;
	#progress: () => void = () => undefined;

	/** Starts at once. */
	constructor(options: LoadOptions) {
		this.seed = options.seed ?? new Random().seed;
		const { NODE_TEST_CONTEXT: _, ...env } = process.env;
		const script = fileURLToPath(new URL('./load-process.js', import.meta.url));
		this.#child = fork(script, [JSON.stringify({ ...options, seed: this.seed })], {
			env,
			execArgv: [],
			stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
		});
		this.#reported = new Promise((resolve, reject) => {
			this.#child.on('message', (message: FromLoad) => {
				if (message.type === 'report') resolve(message.report);
				else this.#count(message.done, message.failed);
			});
			this.#child.once('disconnect', () => this.#progress());
			this.#child.once('exit', (status, signal) => reject(new Error(`The load process ended with ${status ?? signal}`)));
		});
		// Told to whoever asks for the report; a test that has failed already does not.
		this.#reported.catch(() => undefined);
	}

	/** Requests that have been answered or have failed, as last heard. */
	get done(): number {
		return this.#done;
	}

	/** Requests that have failed, as last heard. */
	get failed(): number {
		return this.#failed;
	}

	/** Waits until so many more requests have been answered or have failed. */
	async more(requests: number, deadlineMs = 60_000): Promise<void> {
		const goal = this.#done + requests;
		let late = false;
		const deadline = setTimeout(() => {
			late = true;
			this.#progress();
		}, deadlineMs);
		while (this.#done < goal && !late && this.#child.connected) {
			await new Promise<void>((resolve) => {
				this.#progress = resolve;
			});
		}
		clearTimeout(deadline);
		if (this.#done < goal) throw new Error(`Only ${this.#done} of ${goal} requests have ended, ${this.#failed} of them failed`);
	}

	/** Lets the idle clients write. */
	nudge(): void {
		this.#tell({ type: 'nudge', at: Date.now() });
	}

	/** Lets every client end its last request. */
	stop(): Promise<LoadReport> {
		this.#tell({ type: 'stop' });
		return this.#reported;
	}

	async [Symbol.asyncDispose](): Promise<void> {
		if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
		// Nobody wants the report any more, and the process of a stopped load ends by itself.
		const exited = once(this.#child, 'exit');
		this.#child.kill('SIGKILL');
		await exited;
	}

	#count(done: number, failed: number): void {
		this.#done = done;
		this.#failed = failed;
		this.#progress();
	}

	#tell(message: ToLoad): void {
		// One that has ended is waited for elsewhere.
		if (this.#child.connected) this.#child.send(message, () => undefined);
	}
}

/** The report in words, with every failure that was kept: for the message of an assertion. */
export function describeLoad({ failures, ...figures }: LoadReport): string {
	return [JSON.stringify(figures), ...failures.map((failure) => JSON.stringify(failure))].join('\n');
}
