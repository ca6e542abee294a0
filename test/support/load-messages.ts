/** What a load consists of. Every client makes one request at a time, again and again. */
export interface LoadOptions {
	/** Where the server listens on 127.0.0.1, or the path of its Unix socket. */
	readonly to: number | string;
	/** Clients that open a connection for each request. */
	readonly fresh?: number;
	/** Clients that keep their connection for as long as the server does. */
	readonly kept?: number;
	/** Clients with an open connection on which they write shortly after `nudge`; every second one has never written on it before. */
	readonly idle?: number;
	/** What is asked for, chosen at random; default `/`. */
	readonly paths?: readonly string[];
	/** The longest pause of a client between two requests, in milliseconds; default 10. */
	readonly pauseMs?: number;
	/** How long after `nudge` the idle clients write at the latest, in milliseconds; default 50. */
	readonly nudgeMs?: number;
	/** How long an answer may take, in milliseconds; default 30,000. */
	readonly answerMs?: number;
	readonly seed?: number;
}

/** A request that was not answered with 200 and the whole of its body. */
export interface Failure {
	readonly client: 'fresh' | 'kept' | 'idle';
	/** `ECONNREFUSED`, `reset before an answer`, `closed before an answer`, `truncated`, `status 503`, `no answer`. */
	readonly why: string;
	/** When it was sent and when it failed, in milliseconds since the epoch, as the server's log could say. */
	readonly sentAt: number;
	readonly failedAt: number;
	/** How long its connection had been open without a request before it, in milliseconds; undefined for a connection that never was. */
	readonly idleMs: number | undefined;
	/** The how-manieth request of its connection it was, from 1. */
	readonly nth: number;
	readonly localPort: number | undefined;
	/** What was received, the beginning. */
	readonly received: string;
}

/** What has become of all requests. */
export interface LoadReport {
	readonly seed: number;
	readonly requests: number;
	readonly answered: number;
	readonly failed: number;
	/** The first 50 failures. */
	readonly failures: readonly Failure[];
	/** Connections that the server closed between two requests, which is its right. */
	readonly closedWhenIdle: number;
	/** Times of the answers in milliseconds: median, 99th percentile, longest. */
	readonly medianMs: number;
	readonly p99Ms: number;
	readonly longestMs: number;
}

/** What the parent says. */
export type ToLoad =
	| { readonly type: 'nudge' /** When, in milliseconds since the epoch. */; readonly at: number }
	| { readonly type: 'stop' };

/** What the load process says: `requests` every now and then. */
export type FromLoad =
	| { readonly type: 'requests'; readonly done: number; readonly failed: number }
	| { readonly type: 'report'; readonly report: LoadReport };
