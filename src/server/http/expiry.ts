import { type Clock, type ClockTimer, SystemClock } from '../../clock.js';

/** Things that all have the same time: one timer, for the oldest. Runs on the hub. */
export class Expiry<T> {
	readonly #ms: number;
	readonly #expired: (item: T) => void;
	readonly #clock: Clock;
	/** When each is due, the oldest first. */
	readonly #due = new Map<T, number>();
	#timer: ClockTimer | undefined;

	/**
	 * @param ms milliseconds; 0 lets nothing expire
	 * @param expired called once for each whose time is up
	 */
	constructor(ms: number, expired: (item: T) => void, clock: Clock = new SystemClock()) {
		this.#ms = ms;
		this.#expired = expired;
		this.#clock = clock;
	}

	/** The time of `item` begins. */
	add(item: T): void {
		if (this.#ms <= 0) return;
		this.#due.set(item, this.#clock.now() + this.#ms);
		this.#timer ??= this.#clock.schedule(this.#ms, this.#fire);
	}

	/** `item` is done in time; harmless when it has expired. */
	delete(item: T): void {
		if (this.#ms <= 0) return;
		this.#due.delete(item);
		// The timer stays for the next one unless there is none: it would only be set anew all the time.
		if (this.#due.size > 0) return;
		this.#timer?.cancel();
		this.#timer = undefined;
	}

	readonly #fire = (): void => {
		this.#timer = undefined;
		const now = this.#clock.now();
		for (const [item, due] of this.#due) {
			if (due > now) {
				this.#timer ??= this.#clock.schedule(due - now, this.#fire);
				return;
			}
			this.#due.delete(item);
			this.#expired(item);
		}
	};
}
