import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

/**
 * The other end of a connection, in a thread of its own: the test's main thread is parked while a greenlet on it waits.
 * The thread posts where it listens as its first message, and what it sees afterwards.
 */
export class Peer<Address> {
	readonly address: Address;
	readonly #thread: Worker;
	readonly #seen: unknown[] = [];
	#arrived: (() => void) | undefined;

	private constructor(thread: Worker, address: Address) {
		this.#thread = thread;
		this.address = address;
		thread.on('message', (what: unknown) => {
			this.#seen.push(what);
			this.#arrived?.();
		});
	}

	/** Starts the program at `url`, a compiled file. */
	static async start<Address>(url: URL, workerData?: unknown): Promise<Peer<Address>> {
		const thread = new Worker(url, { workerData });
		const [address] = (await once(thread, 'message')) as [Address];
		return new Peer(thread, address);
	}

	/** Waits until the peer has reported `what`, and forgets everything reported up to then. */
	async saw(what: unknown): Promise<void> {
		for (;;) {
			const at = this.#seen.indexOf(what);
			if (at >= 0) {
				this.#seen.splice(0, at + 1);
				return;
			}
			await new Promise<void>((resolve) => {
				this.#arrived = resolve;
			});
		}
	}

	async stop(): Promise<void> {
		await this.#thread.terminate();
	}
}
