import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { PeerQuestion, Step, Target, Transcript } from './net-peer-steps.js';

export type { Step, Target, Transcript } from './net-peer-steps.js';

/**
 * The other side of stream connections, in a thread of its own: it goes on while the test's own thread is parked in a
 * blocking call. Servers and clients do what their steps say.
 */
export class NetPeer implements AsyncDisposable {
	readonly #worker = new Worker(new URL('./net-peer-thread.js', import.meta.url), { execArgv: [] });
	readonly #answers = new Map<number, (answer: unknown) => void>();
	#next = 1;

	constructor() {
		this.#worker.on('message', ({ id, answer }: { id: number; answer: unknown }) => {
			this.#answers.get(id)?.(answer);
			this.#answers.delete(id);
		});
	}

	/** Starts a server, on a free port of the loopback or on a Unix path; each connection goes through the steps. */
	listen(steps: readonly Step[], path?: string): Promise<Target> {
		return this.#ask({ verb: 'listen', steps, ...(path !== undefined && { path }) });
	}

	/** Connects and goes through the steps; resolves at once, to the number of the connection. */
	call(target: Target, steps: readonly Step[]): Promise<number> {
		return this.#ask({ verb: 'call', steps, target });
	}

	/** What a connection (the first is 0) has seen once it exists and its steps are done. */
	transcript(connection: number): Promise<Transcript> {
		return this.#ask({ verb: 'transcript', connection });
	}

	/** Ends the thread, and with it all connections. */
	async [Symbol.asyncDispose](): Promise<void> {
		const exited = once(this.#worker, 'exit');
		await this.#worker.terminate();
		await exited;
	}

	#ask<A>(question: PeerQuestion): Promise<A> {
		const id = this.#next++;
		return new Promise<A>((resolve) => {
			this.#answers.set(id, resolve as (answer: unknown) => void);
			this.#worker.postMessage({ id, question });
		});
	}
}
