import type { Start } from './thread.js';

/** Greenlets that are ready to start and lie in no thread's lane, in order. Hub thread only. */
export class Backlog {
	readonly #queue = new Set<Start>();
	/** Taken back from lanes, so older than all of the queue; the next in turn is the last. */
	readonly #returned: Start[] = [];

	get size(): number {
		return this.#queue.size + this.#returned.length;
	}

	/** The one that is to start next, which stays. */
	get next(): Start | undefined {
		const returned = this.#returned[this.#returned.length - 1];
		if (returned) return returned;
		for (const start of this.#queue) return start;
		return undefined;
	}

	/** Puts one at the end. */
	add(start: Start): void {
		this.#queue.add(start);
	}

	/** Puts one at the front. */
	putBack(start: Start): void {
		this.#returned.push(start);
	}

	/** Takes one out; false when it is not here. */
	delete(start: Start): boolean {
		const at = this.#returned.lastIndexOf(start);
		if (at < 0) return this.#queue.delete(start);
		this.#returned.splice(at, 1);
		return true;
	}
}
