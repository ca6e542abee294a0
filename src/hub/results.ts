import type { Thread } from '../engine/threads/thread.js';
import type { Ending, GreenletRecord } from './greenlet-record.js';
import type { Resources } from './resources.js';
import type { Owner } from './service.js';

/** An ending that may still be asked for. It holds the handles in it until then: its maker has let go of them. */
interface Result extends Owner, Ending {
	/** The thread of the only one that can ask; undefined when there may be others. */
	spawner: Thread | undefined;
}

/** The endings somebody may still ask for; a success without a value is not kept, being the answer for unknown ids. Hub thread only. */
export class Results {
	readonly #resources: Resources;
	readonly #results = new Map<number, Result>();

	constructor(resources: Resources) {
		this.#resources = resources;
	}

	get(id: number): Ending | undefined {
		return this.#results.get(id);
	}

	/** Keeps how a greenlet has ended, unless nobody is left who could ask. */
	keep({ id, label, spawner, forgotten }: GreenletRecord, { ok, packet }: Ending): void {
		if (forgotten || spawner?.state === 'dead' || (ok && packet.format === 0)) return;
		const result: Result = { id, label, ok, packet, spawner };
		this.#results.set(id, result);
		if (packet.handles) this.#resources.retain(result, packet.handles);
	}

	/** Others than its spawner may from now on ask for it. */
	share(id: number): void {
		const result = this.#results.get(id);
		if (result) result.spawner = undefined;
	}

	/** Drops one nobody will ask for, and what it holds. */
	forget(id: number): void {
		const result = this.#results.get(id);
		this.#results.delete(id);
		for (const handle of result?.packet.handles ?? []) this.#resources.release(handle, result);
	}

	/** Forgets those that only code in a thread that has ended could have asked for: its references never said that they were dropped. */
	forgetOf(thread: Thread): void {
		for (const { id, spawner } of this.#results.values()) if (spawner === thread) this.forget(id);
	}
}
