import type { GreenletView } from '../../hub/greenlet-view.js';

/** What the main thread gives its watchdog at its start. */
export interface WatchdogData {
	/** The line to the arbiter. */
	readonly fd?: number;
}

/** What the main thread tells its watchdog: to write stacks, or what greenlets there are, against the time when it cannot be asked. */
export type ToWatchdog = { readonly reason: string } | { readonly greenlets: readonly GreenletView[] };

/** The watchdog's answer to every `reason`, in order. */
export interface FromWatchdog {
	readonly written: true;
}
