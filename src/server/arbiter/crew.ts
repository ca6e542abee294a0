import { takeSlot } from './worker-exec-argv.js';
import { type WorkerEvents, WorkerHandle, type WorkerPlan } from './worker-handle.js';

/** The workers of an arbiter, from the decision to start one to its end. */
export class Crew {
	readonly #workers = new Map<number, WorkerHandle>();
	readonly #events: WorkerEvents;
	#lastAge = 0;

	constructor(events: WorkerEvents) {
		this.#events = events;
	}

	/** All of them, the oldest first. */
	get all(): WorkerHandle[] {
		return [...this.#workers.values()];
	}

	/** How many processes run. */
	get running(): number {
		return this.all.filter(({ running }) => running).length;
	}

	/** Those that serve and have not been told to leave. */
	get serving(): WorkerHandle[] {
		return this.all.filter(({ ready, told, condemned }) => ready && !told && !condemned);
	}

	/** The worker of that age, while it has not ended. */
	get(age: number): WorkerHandle | undefined {
		return this.#workers.get(age);
	}

	/** Adds one, whose process does not run yet. */
	add(plan: Omit<WorkerPlan, 'age' | 'slot'>): WorkerHandle {
		const slot = takeSlot(this.all.map((worker) => worker.slot));
		const worker = new WorkerHandle({ ...plan, age: ++this.#lastAge, slot }, this.#events);
		this.#workers.set(worker.age, worker);
		return worker;
	}

	/** Forgets one that has ended. */
	remove(worker: WorkerHandle): void {
		this.#workers.delete(worker.age);
	}
}
