import type { GreenletRecord } from './greenlet-record.js';
import type { Owner, Resource } from './service.js';

interface Entry {
	readonly resource: Resource;
	readonly holders: Set<Owner>;
}

/**
 * What the hub owns on behalf of greenlets, by handle. A greenlet that ends, is killed or loses its thread runs no
 * `finally` the hub could rely on, so its handles are let go of here; the last holder takes the resource along.
 */
export class Resources {
	readonly #entries = new Map<number, Entry>();
	#next = 1;

	get size(): number {
		return this.#entries.size;
	}

	own(owner: Owner, resource: Resource): number {
		const handle = this.#next++;
		this.#entries.set(handle, { resource, holders: new Set() });
		this.retain(owner, [handle]);
		return handle;
	}

	get(handle: number): Resource | undefined {
		return this.#entries.get(handle)?.resource;
	}

	/** Makes `owner` hold handles that were sent to it; those released meanwhile are skipped. */
	retain(owner: Owner, handles: readonly number[]): void {
		for (const handle of handles) {
			const entry = this.#entries.get(handle);
			if (!entry) continue;
			entry.holders.add(owner);
			(owner as GreenletRecord).handles?.add(handle);
		}
	}

	release(handle: number, owner?: Owner): void {
		const entry = this.#entries.get(handle);
		if (!entry) return;
		if (owner) {
			entry.holders.delete(owner);
			(owner as GreenletRecord).handles?.delete(handle);
			if (entry.holders.size > 0) return;
		}
		this.#entries.delete(handle);
		for (const holder of entry.holders) (holder as GreenletRecord).handles?.delete(handle);
		entry.resource.dispose();
	}

	/** Lets go of everything a greenlet holds. */
	releaseAll(owner: GreenletRecord): void {
		for (const handle of [...owner.handles]) this.release(handle, owner);
	}

	/** Disposes of everything, at the end of the hub. */
	clear(): void {
		for (const handle of [...this.#entries.keys()]) this.release(handle);
	}
}
