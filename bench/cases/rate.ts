/** 100 bytes, as a short request would be. */
export const TEXT = 'x'.repeat(100);

/** How often `call` can be made in a second, one call after the other, once it has been warm for a while. */
export function callsPerSecond(call: () => void, warmMs = 500, measureMs = 1_500): number {
	callsUntil(call, performance.now() + warmMs);
	const startedAt = performance.now();
	const calls = callsUntil(call, startedAt + measureMs);
	return (calls * 1_000) / (performance.now() - startedAt);
}

/** How often `call` could be made until the time on `performance.now()`. */
export function callsUntil(call: () => void, end: number): number {
	let calls = 0;
	while (performance.now() < end) {
		// The clock is read once for several calls: it is not what is measured.
		for (let i = 0; i < 8; i++) call();
		calls += 8;
	}
	return calls;
}

/** Hands the one figure of a case to the process that asked for it. */
export function report(value: number): void {
	console.log(JSON.stringify({ value }));
}
