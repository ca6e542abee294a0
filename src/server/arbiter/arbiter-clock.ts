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
	#timer: ClockTimer | undefined;

	constructor(clock: Clock) {
		this.#clock = clock;
	}

	/** Milliseconds since an arbitrary start, without those lost. */
	now(): number {
		return this.#clock.now() - this.#lostMs;
	}

	/** Has `callback` called in `delayMs` milliseconds, instead of whatever it was set to before. */
	set(delayMs: number, callback: () => void): void {
		this.clear();
		this.#dueAt = this.now() + delayMs;
		this.#timer = this.#clock.schedule(delayMs, callback);
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
		const lateMs = this.now() - this.#dueAt;
		const late = lateMs > LATE_MS;
		if (late) this.#lostMs += lateMs;
		this.#dueAt = this.now();
		return late;
	}
}
