/** Threads start on demand, and each one warms up by itself: rounds go on until so many in a row were no faster than the best before. */
const VAIN_ROUNDS = 15;
const MOST_ROUNDS = 120;
const FASTER = 0.95;

/** Runs `round`, which returns how long it took, until the server is warm. */
export async function warmUp(round: () => Promise<number>): Promise<void> {
	let best = Number.POSITIVE_INFINITY;
	for (let rounds = 0, vain = 0; rounds < MOST_ROUNDS && vain < VAIN_ROUNDS; rounds++) {
		const took = await round();
		vain = took < best * FASTER ? 0 : vain + 1;
		best = Math.min(best, took);
	}
}
