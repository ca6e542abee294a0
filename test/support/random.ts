/** Numbers that look random and are the same for the same seed (the mulberry32 generator), so that a failing run can be had again. */
export class Random {
	readonly seed: number;
	#state: number;

	/** @param seed 32 bits; default: some, to be printed by whoever uses them */
	constructor(seed: number = Math.floor(Math.random() * 2 ** 32)) {
		this.seed = seed;
		this.#state = seed;
	}

	/** At least 0 and below `end`. */
	below(end: number): number {
		this.#state = (this.#state + 0x6d2b79f5) | 0;
		let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
		mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
		return (((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * end;
	}

	/** True once in `times`, on average. */
	once(times: number): boolean {
		return this.below(times) < 1;
	}
}
