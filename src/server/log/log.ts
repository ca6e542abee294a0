import type { IncomingMessage } from 'node:http';

/** The error log, as the arbiter and every worker see it; gunicorn's levels. Never throws, never waits for its reader. */
export interface Log {
	debug(text: string): void;
	info(text: string): void;
	warning(text: string): void;
	/** @param cause printed below the line with its stack and its own causes */
	error(text: string, cause?: unknown): void;
	critical(text: string, cause?: unknown): void;
}

/** One request that has been answered, or whose client has left, for the access log and the metrics. */
export interface Access {
	/** Has nothing but its socket when it could not be read. */
	readonly request: IncomingMessage;
	/** For a request that could not be read: its first line as far as that is known, or nothing. Undefined for all others. */
	readonly line?: string;
	/** 0 when nothing was answered. */
	readonly status: number;
	/** The status line and header of the response as sent, in Latin-1; empty when nothing was answered. Made only when asked for. */
	head(): string;
	/** Bytes of the response's body on the wire. */
	readonly bytes: number;
	/** When the header was complete, in milliseconds since the epoch. */
	readonly startedAt: number;
	readonly durationMs: number;
	/** The request's own `X-Request-Id` (see `request_id_header`) or one made up for it; empty unless a log wants it. */
	readonly requestId: string;
}

/** Whoever hears of every request: the access log, statsd. On the hub, in the way of every request: must be quick and never throw. */
export interface AccessLog {
	/** Whether `Access.requestId` is written anywhere, so that it need not be made up for nothing. */
	readonly wantsRequestId: boolean;
	record(access: Access): void;
}

/** All logs of one process. */
export interface Logs {
	readonly log: Log;
	/** Undefined when nobody wants to hear of requests, so that nothing is measured for nothing. */
	readonly access: AccessLog | undefined;
	/** A gauge for the metrics, such as `gunicorn.workers`; nothing without statsd. */
	gauge(name: string, value: number): void;
	/** A measurement for the metrics, such as `gunicorn.backlog`; nothing without statsd. */
	histogram(name: string, value: number): void;
	/**
	 * With `capture_output` to a file: the error log's current descriptor, which a new worker gets as its 1 and 2, so that what its
	 * threads, its native code and its children print arrives there too. Undefined otherwise: a worker inherits 1 and 2.
	 */
	outputFd(): number | undefined;
	/** USR1: opens all files anew, after they have been moved away; the arbiter's own give the new files to `user` and `group`. */
	reopen(): void;
	/** Writes what is left, for at most `ms` milliseconds where a reader stalls, and lets go of everything. */
	close(ms: number): Promise<void>;
	/** Writes what can be written without waiting: right before `process.exit`. */
	flushSync(): void;
}
