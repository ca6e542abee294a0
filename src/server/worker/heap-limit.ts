import { setFlagsFromString } from 'node:v8';

/**
 * Keeps a heap limit that this process was started with (`--max-old-space-size`) to its main thread, which has taken it over by now.
 * Threads started later would otherwise get it each, since V8 prefers the flag to the limit a thread is given of its own.
 * To be called once, before the first thread is started.
 */
export function confineHeapLimit(): void {
	setFlagsFromString('--max-old-space-size=0');
}
