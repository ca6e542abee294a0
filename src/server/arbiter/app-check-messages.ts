import type { Config } from '../config/config.js';
import type { ErrorReport } from '../config/config-thread-messages.js';
import type { Log } from '../log/log.js';

/** What the process that checks an app is asked. */
export interface AppCheckRequest {
	readonly app: string;
	readonly config: Config;
}

/** What that process tells. */
export type FromAppCheck = AppCheckLine | AppCheckEnd;

/** The status of the check; an app that ends its process has none. */
export interface AppCheckEnd {
	readonly type: 'end';
	readonly status: number;
}

/** A line for the arbiter's error log. */
export interface AppCheckLine {
	readonly type: 'log';
	readonly level: keyof Log;
	readonly text: string;
	/** Printed below the line; each is the cause of the one before it. */
	readonly causes: readonly ErrorReport[];
}
