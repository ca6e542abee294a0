/** This much faster than the best before is still warming up. */
const FASTER = 1.05;

/**
 * Runs `round`, which returns how long it took, until the server is warm: threads start on demand, and each warms up by itself, so rounds go on
 * until `vain` in a row were no faster than the best before, and no longer than `most`.
 */
export async function warmUp(round: () => Promise<number>, { vain = 15, most = 120 } = {}): Promise<void> {
	let best = Number.POSITIVE_INFINITY;
	for (let rounds = 0, inVain = 0; rounds < most && inVain < vain; rounds++) {
		const took = await round();
		inVain = took * FASTER > best ? inVain + 1 : 0;
		best = Math.min(best, took);
	}
}
