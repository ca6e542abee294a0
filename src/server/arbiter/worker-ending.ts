import { APP_LOAD_ERROR, WORKER_BOOT_ERROR } from '../worker/worker-protocol.js';
import type { Ending } from './worker-handle.js';

/** Signals with which Node ends itself: V8 out of memory, a failed internal check. */
const ABORTS: readonly NodeJS.Signals[] = ['SIGABRT', 'SIGTRAP', 'SIGILL'];

/** Signals that somebody outside sends to be rid of a process. */
const REQUESTS: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGINT', 'SIGQUIT', 'SIGHUP', 'SIGKILL'];

/**
 * Why a worker ended, for the log after `Worker (pid:N) `; undefined when there is nothing to complain of.
 * @param expected whether it had been ready, or was told to leave: only then may it end without an error
 */
export function describeEnding({ status, signal, error }: Ending, expected = true): string | undefined {
	if (error) return `could not be started: ${error.message}`;
	// 128 + 6: how a shell, or a container's init, passes an abort on.
	if (status === 134) return describeEnding({ status: null, signal: 'SIGABRT' });
	if (status === 0) return expected ? undefined : 'exited with code 0 before it was ready: something that it loads ends the process';
	if (!signal) return `exited with code ${status}`;
	if (signal === 'SIGKILL') return 'was sent SIGKILL! Perhaps out of memory?';
	if (ABORTS.includes(signal))
		return `was ended by ${signal}: Node aborted, most likely because a JavaScript heap ran out of memory; its last words stand above`;
	return `was sent ${signal}!`;
}

/** Whether somebody wanted it to end, rather than it failed. */
export function endedByRequest({ signal }: Ending): boolean {
	return signal !== null && REQUESTS.includes(signal);
}

/** The status with which the server exits when this is how its very first boot failed; undefined when a new attempt makes sense. */
export function haltingStatus(ending: Ending): number | undefined {
	if (endedByRequest(ending)) return undefined;
	return ending.status === APP_LOAD_ERROR ? APP_LOAD_ERROR : WORKER_BOOT_ERROR;
}

/** What the log says of a server that exits with such a status. */
export function haltingReason(status: number): string {
	return status === APP_LOAD_ERROR ? 'App failed to load.' : 'Worker failed to boot.';
}
