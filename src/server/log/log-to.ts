import type { Log } from './log.js';

/** A log whose entries all go to one function. */
export function logTo(write: (level: keyof Log, text: string, cause?: unknown) => void): Log {
	const at = (level: keyof Log) => (text: string, cause?: unknown) => write(level, text, cause);
	return { debug: at('debug'), info: at('info'), warning: at('warning'), error: at('error'), critical: at('critical') };
}
