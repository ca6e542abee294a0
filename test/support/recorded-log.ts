import type { Log } from '../../src/server/log/log.js';

/** A log that keeps its entries, as `LEVEL text`, for a test to read. */
export class RecordedLog implements Log {
	readonly lines: string[] = [];

	debug(text: string): void {
		this.lines.push(`DEBUG ${text}`);
	}

	info(text: string): void {
		this.lines.push(`INFO ${text}`);
	}

	warning(text: string): void {
		this.lines.push(`WARNING ${text}`);
	}

	error(text: string): void {
		this.lines.push(`ERROR ${text}`);
	}

	critical(text: string): void {
		this.lines.push(`CRITICAL ${text}`);
	}

	/** How many entries match. */
	count(pattern: RegExp): number {
		return this.lines.filter((line) => pattern.test(line)).length;
	}
}
