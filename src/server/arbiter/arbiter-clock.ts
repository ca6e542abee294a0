import type { Clock, ClockTimer } from '../../clock.js';

/** How late a timer may be before the whole process must have stood still, in milliseconds. */
const LATE_MS = 1_000;

/**
 * The arbiter's time: it stands still while the process does (a suspended machine, a paused container, SIGSTOP), so that no deadline
 * passes in which nobody could have met it.
 */
export class ArbiterClock {
	readonly #clock: Clock;
	#lostMs = 0;
	#dueAt = Infinity;
	#caughtUp = 0;
	#timer: ClockTimer | undefined;

	constructor(clock: Clock) {
		this.#clock = clock;
	}

	/** Milliseconds since an arbitrary start, without those lost. */
	now(): number {
		return this.#clock.now() - this.#lostMs;
	}

	/** The moment of the last `catchUp`: what is decided by it is right even if the process has stood still since. */
	get caughtUp(): number {
		return this.#caughtUp;
	}

	/** Has `callback` called at the moment `at`, instead of whatever it was set to before; as soon as can be when that has passed. */
	set(at: number, callback: () => void): void {
		this.clear();
		this.#dueAt = at;
		this.#timer = this.#clock.schedule(Math.max(0, at - this.now()), callback);
	}

	/** Calls nobody any more. */
	clear(): void {
		this.#timer?.cancel();
		this.#dueAt = Infinity;
	}

	/**
	 * Leaves out the time that was lost if the timer is more than a second late, or if more than a second has passed since this was called
	 * last and the timer has not been set since; returns whether it was.
	 */
	catchUp(): boolean {
		const now = this.now();
		const lateMs = now - this.#dueAt;
		const late = lateMs > LATE_MS;
		if (late) this.#lostMs += lateMs;
		this.#caughtUp = late ? this.#dueAt : now;
		this.#dueAt = this.#caughtUp;
		return late;
	}
}
