/** A running timer of a `Clock`. */
export interface ClockTimer {
	/** Stops the timer; harmless when it has fired. */
	cancel(): void;
}

/** Where the hub's time comes from: the system, or a test. Only the hub keeps time. */
export interface Clock {
	/** Milliseconds since an arbitrary start; never goes back. */
	now(): number;
	/** Calls `callback` once, `delayMs` milliseconds from now. */
	schedule(delayMs: number, callback: () => void): ClockTimer;
}

/** Node's own timers. */
export class SystemClock implements Clock {
	now(): number {
		return performance.now();
	}

	schedule(delayMs: number, callback: () => void): ClockTimer {
		// Node turns anything above 2^31-1 into 1 ms; such a wait is cut into pieces instead.
		const LONGEST = 2_147_483_647;
		const fire =
			delayMs > LONGEST
				? () => {
						rest = this.schedule(delayMs - LONGEST, callback);
					}
				: callback;
		let rest: ClockTimer | undefined;
		const handle = setTimeout(fire, Math.min(delayMs, LONGEST));
		return {
			cancel() {
				clearTimeout(handle);
				rest?.cancel();
			},
		};
	}
}

const LOOK_MS = 5;

/**
 * Looks again and again, on Node's own timers, whether `done` holds; false when it does not within some `patienceMs` milliseconds. Only time in
 * which this process looks counts: while the whole machine stands still nobody else can get on either.
 */
export async function lookUntil(done: () => boolean, patienceMs: number): Promise<boolean> {
	for (let looks = patienceMs / LOOK_MS; looks > 0 && !done(); looks--) await new Promise((look) => setTimeout(look, LOOK_MS));
	return done();
}
