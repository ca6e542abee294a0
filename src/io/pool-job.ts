import type { Ending } from '../hub/greenlet-record.js';
import type { Resource } from '../hub/service.js';
import type { PoolWork } from './thread-pool-messages.js';

/** One piece of work of a thread pool, and how it ended. As a resource it is the result that a greenlet may ask for. Hub thread only. */
export class PoolJob implements Resource {
	readonly kind = 'result of a thread pool';
	readonly work: PoolWork;
	readonly #abort = new AbortController();
	readonly #listeners = new Set<(ending: Ending) => void>();
	/** Called when a thread takes it. */
	onStart: (() => void) | undefined;
	ending: Ending | undefined;

	constructor(work: PoolWork) {
		this.work = work;
	}

	/** Aborted when the work is no longer wanted. */
	get signal(): AbortSignal {
		return this.#abort.signal;
	}

	/** Takes its thread from under it; nothing happens once it has ended. */
	abort(): void {
		this.#abort.abort();
	}

	/** Only the first ending counts: that by an abort comes before what the thread's own end makes of it. */
	end(ending: Ending): void {
		if (this.ending) return;
		this.ending = ending;
		for (const listener of this.#listeners) listener(ending);
		this.#listeners.clear();
	}

	/** Calls `listener` once when it has ended, now if it has; the returned function takes that back. */
	onEnd(listener: (ending: Ending) => void): () => void {
		if (this.ending) {
			listener(this.ending);
			return () => undefined;
		}
		this.#listeners.add(listener);
		return () => this.#listeners.delete(listener);
	}

	/** Nobody will ask for it any more; the work goes on, as it has been begun for what it does. */
	dispose(): void {
		this.#listeners.clear();
	}
}
