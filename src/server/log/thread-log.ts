import { closeSync, writeSync } from 'node:fs';
import { captureOutput } from './capture-output.js';
import { openForAppending } from './destination.js';
import { ErrorLog, writeStandardError } from './error-log.js';
import type { Log } from './log.js';
import type { LogSettings } from './log-settings.js';

/** What a greenlet thread needs to know of the settings; plain data, so that it can be given to a thread when it starts. */
export type ThreadLogSettings = Pick<LogSettings, 'errorlog' | 'loglevel' | 'capture_output'>;

/**
 * The error log as a greenlet thread writes it: rarely, and with nothing kept in memory. Each entry opens the file anew, which also
 * follows a file that has been moved away. It blocks, but nobody except this thread. Syslog and metrics do not hear of it. With
 * `capture_output` to a file, what this thread prints goes the same way from then on.
 */
export function openThreadLog({ errorlog, loglevel, capture_output }: ThreadLogSettings): Log {
	const sink = errorlog === '-' ? writeStandardError : (line: string) => errorlog !== null && append(errorlog, line);
	if (capture_output && errorlog !== null && errorlog !== '-') captureOutput((text) => append(errorlog, text));
	return new ErrorLog(sink, undefined, loglevel);
}

function append(path: string, line: string): void {
	try {
		const fd = openForAppending(path);
		try {
			writeSync(fd, line);
		} finally {
			closeSync(fd);
		}
	} catch {
		// The hub says what is wrong with the file; the entry is not to be lost for that.
		writeStandardError(line);
	}
}
