const LEAST = 4;
const MOST = 32;
const FEW = 2;

/**
 * How many turns of its event loop a thread looks for work by itself before it sleeps there. Sleeping and being
 * rung costs two trips through the kernel, looking in vain costs somebody else's time on this core; so the number doubles when
 * looking has paid and halves when it has not.
 */
export class Patience {
	#allowed = 16;
	#looked = 0;

	/** Work was found: looking starts over. */
	found(): void {
		if (this.#looked > 0) this.#allowed = Math.min(MOST, this.#allowed * 2);
		this.#looked = 0;
	}

	/** Whether to look once more; at most a few times where `eager` is false, because then others want this core. */
	more(eager: boolean): boolean {
		if (this.#looked++ < (eager ? this.#allowed : FEW)) return true;
		this.#looked = 0;
		if (eager) this.#allowed = Math.max(LEAST, this.#allowed >> 1);
		return false;
	}
}
