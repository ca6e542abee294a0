/** Calls per second of a function that synckit has made synchronous. */
import { fileURLToPath } from 'node:url';
import { createSyncFn } from 'synckit';
import { callsPerSecond, report, TEXT } from './rate.js';

const echo = createSyncFn<(text: string) => Promise<string>>(fileURLToPath(new URL('./echo-synckit-worker.js', import.meta.url)));
report(callsPerSecond(() => echo(TEXT)));
process.exit();
