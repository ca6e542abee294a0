import { writeSync } from 'node:fs';

export type Level = 'DEBUG' | 'INFO' | 'WARNING' | 'ERROR' | 'CRITICAL';

/** The error log, as the arbiter and every worker see it. */
export interface Log {
	info(text: string): void;
	warning(text: string): void;
	/** @param cause printed below the line with its stack and its own causes */
	error(text: string, cause?: unknown): void;
}

/** Writes gunicorn's error log: `[2026-01-01 00:00:00 +0000] [pid] [INFO] text`, one whole line a call. */
export class ErrorLog implements Log {
	readonly #write: (line: string) => void;
	readonly #now: () => Date;

	/**
	 * @param write where a line goes; standard error by default, past the stream, so that nothing is lost when the process ends
	 * @param now for tests
	 */
	constructor(write: (line: string) => void = writeStandardError, now: () => Date = () => new Date()) {
		this.#write = write;
		this.#now = now;
	}

	info(text: string): void {
		this.#line('INFO', text);
	}

	warning(text: string): void {
		this.#line('WARNING', text);
	}

	error(text: string, cause?: unknown): void {
		this.#line('ERROR', cause === undefined ? text : `${text}\n${describeError(cause)}`);
	}

	#line(level: Level, text: string): void {
		this.#write(`[${timestamp(this.#now())}] [${process.pid}] [${level}] ${text}\n`);
	}
}

/** Local time as strftime's `%Y-%m-%d %H:%M:%S %z` gives it. */
function timestamp(date: Date): string {
	const eastMinutes = -date.getTimezoneOffset();
	const local = new Date(date.getTime() + eastMinutes * 60_000).toISOString();
	const zone = Math.abs(eastMinutes);
	const two = (value: number) => String(value).padStart(2, '0');
	return `${local.slice(0, 10)} ${local.slice(11, 19)} ${eastMinutes < 0 ? '-' : '+'}${two(Math.floor(zone / 60))}${two(zone % 60)}`;
}

function describeError(error: unknown): string {
	if (!(error instanceof Error)) return String(error);
	const own = error.stack ?? `${error.name}: ${error.message}`;
	return error.cause === undefined ? own : `${own}\nCaused by: ${describeError(error.cause)}`;
}

function writeStandardError(line: string): void {
	const bytes = Buffer.from(line);
	let written = 0;
	while (written < bytes.length) {
		try {
			written += writeSync(2, bytes, written);
		} catch (error) {
			// A full pipe (EAGAIN) or one that nobody reads any more (EPIPE): a server must neither spin nor end for the sake of its log.
			if ((error as NodeJS.ErrnoException).syscall !== 'write') throw error;
			return;
		}
	}
}
