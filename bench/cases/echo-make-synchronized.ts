/** Calls per second of a function that make-synchronized has made synchronous. */
import { makeSynchronized } from 'make-synchronized';
import { callsPerSecond, report, TEXT } from './rate.js';

const { echo } = makeSynchronized<typeof import('./echo-make-synchronized-worker.js')>(
	new URL('./echo-make-synchronized-worker.js', import.meta.url),
);
report(callsPerSecond(() => echo(TEXT)));
process.exit();
