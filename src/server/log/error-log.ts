import { writeSync } from 'node:fs';
import { pause } from '../../engine/threads/wire.js';
import type { Log } from './log.js';

/** Levels in gunicorn's words, from the least important on. */
export const LEVELS = ['DEBUG', 'INFO', 'WARNING', 'ERROR', 'CRITICAL'] as const;

export type Level = (typeof LEVELS)[number];

/**
 * Where an entry of the error log goes.
 * @param line the whole entry, with its line end; several lines when it shows an error
 * @param text the entry without time, pid and level
 * @param failure whether it shows an error with its stack
 */
export type ErrorSink = (line: string, level: Level, text: string, failure: boolean) => void;

/** How long a reader of standard error that is behind is waited for by whoever has no other log yet. */
const PATIENCE_MS = 100;
const PAUSE_MS = 5;

const MOST_CAUSES = 10;

/** Writes gunicorn's error log: `[2026-01-01 00:00:00 +0000] [pid] [INFO] text`, one whole entry a call. */
export class ErrorLog implements Log {
	readonly #sink: ErrorSink;
	readonly #now: () => Date;
	readonly #threshold: number;
	#second = Number.NaN;
	#prefix = '';

	/**
	 * @param sink where an entry goes; standard error by default, past the stream, so that nothing is lost when the process ends
	 * @param now for tests
	 * @param level the least important level that is written, in small letters as in the setting; default `info`
	 */
	constructor(sink: ErrorSink = writeStandardError, now: () => Date = () => new Date(), level = 'info') {
		this.#sink = sink;
		this.#now = now;
		this.#threshold = LEVELS.indexOf(level.toUpperCase() as Level);
	}

	debug(text: string): void {
		this.#entry('DEBUG', text);
	}

	info(text: string): void {
		this.#entry('INFO', text);
	}

	warning(text: string): void {
		this.#entry('WARNING', text);
	}

	error(text: string, cause?: unknown): void {
		this.#entry('ERROR', text, cause);
	}

	critical(text: string, cause?: unknown): void {
		this.#entry('CRITICAL', text, cause);
	}

	#entry(level: Level, text: string, cause?: unknown): void {
		if (LEVELS.indexOf(level) < this.#threshold) return;
		const whole = cause === undefined ? text : `${text}\n${describeError(cause)}`;
		this.#sink(`${this.#prefixNow()} [${level}] ${whole}\n`, level, whole, cause !== undefined);
	}

	#prefixNow(): string {
		const now = this.#now();
		const second = Math.floor(now.getTime() / 1000);
		if (second !== this.#second) {
			this.#second = second;
			this.#prefix = `[${timestamp(now)}] [${process.pid}]`;
		}
		return this.#prefix;
	}
}

/** Local time as strftime's `%Y-%m-%d %H:%M:%S %z` gives it. */
function timestamp(date: Date): string {
	const { local, zone } = localTime(date);
	return `${local.slice(0, 10)} ${local.slice(11, 19)} ${zone}`;
}

/**
 * A moment as the clock on the wall shows it.
 * @returns `local` as `2026-01-02T03:04:05.678Z`, the zone left out of account; `zone` as `+0100`
 */
export function localTime(date: Date): { readonly local: string; readonly zone: string } {
	const eastMinutes = -date.getTimezoneOffset();
	const minutes = Math.abs(eastMinutes);
	const two = (value: number) => String(value).padStart(2, '0');
	return {
		local: new Date(date.getTime() + eastMinutes * 60_000).toISOString(),
		zone: `${eastMinutes < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}${two(minutes % 60)}`,
	};
}

/** An error as it is logged: its stack, and below it those of its causes. Never throws. */
export function describeError(error: unknown, depth = 0): string {
	try {
		if (!(error instanceof Error)) return String(error);
		const own = error.stack ?? `${error.name}: ${error.message}`;
		if (error.cause === undefined) return own;
		// It may be its own cause.
		return `${own}\nCaused by: ${depth < MOST_CAUSES ? describeError(error.cause, depth + 1) : '...'}`;
	} catch {
		// An accessor of its own has thrown: the entry matters more than what it is about.
		return 'An error that cannot be shown';
	}
}

/** Writes an entry to standard error, past the stream. */
export function writeStandardError(line: string): void {
	const bytes = Buffer.from(line);
	let leftMs = PATIENCE_MS;
	for (let written = 0; written < bytes.length; ) {
		try {
			written += writeSync(2, bytes, written);
		} catch (error) {
			const { code, syscall } = error as NodeJS.ErrnoException;
			if (syscall !== 'write') throw error;
			// A pipe that nobody reads any more, or not for a while: a server must neither spin nor end for the sake of its log.
			if (code !== 'EAGAIN' || leftMs <= 0) return;
			pause(PAUSE_MS);
			leftMs -= PAUSE_MS;
		}
	}
}
