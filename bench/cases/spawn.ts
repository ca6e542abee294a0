/** Round trips, or with `spawn` as argument starts of an empty greenlet, per second on a warm pool. */
import { ECHO } from '../../src/engine/core-operations.js';
import { block } from '../../src/engine/engine.js';
import { isMain, spawn, task } from '../../src/index.js';
import { callsPerSecond, report, TEXT } from './rate.js';

const nothing = task(import.meta, function nothing(): void {
	// Only its start and its end are measured.
});

if (isMain(import.meta)) {
	const one = process.argv[2] === 'spawn' ? () => spawn(nothing).get() : () => block(ECHO, TEXT);
	report(callsPerSecond(one));
}
