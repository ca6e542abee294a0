/** Calls per second of 64 greenlets together, each asking the hub for an echo, again and again. */
import { ECHO } from '../../src/engine/core-operations.js';
import { block } from '../../src/engine/engine.js';
import { configure, isMain, spawn, task } from '../../src/index.js';
import { callsUntil, report, TEXT } from './rate.js';

const GREENLETS = 64;
const START_MS = 6_000;
const MEASURE_MS = 3_000;

/** Counts from `startMs` on, which is a time on the wall clock because each thread's own begins at zero. */
const echoes = task(import.meta, function echoes(startMs: number, endMs: number): number {
	const call = (): void => {
		block(ECHO, TEXT);
	};
	callsUntil(call, startMs - performance.timeOrigin);
	return callsUntil(call, endMs - performance.timeOrigin);
});

if (isMain(import.meta)) {
	configure({ maxGreenlets: GREENLETS, minThreads: GREENLETS });
	const startMs = performance.timeOrigin + performance.now() + START_MS;
	const greenlets = Array.from({ length: GREENLETS }, () => spawn(echoes, startMs, startMs + MEASURE_MS));
	const calls = greenlets.reduce((sum, greenlet) => sum + greenlet.get(), 0);
	report((calls * 1_000) / MEASURE_MS);
}
