/** What the other side of a connection does, one after the other. */
export type Step =
	/** Sends text, `times` over (default 1), and waits until the system has taken it. */
	| { readonly send: string; readonly times?: number }
	/** Reads so many bytes; nothing is read outside such steps. */
	| { readonly receive: number }
	/** Reads to the end. */
	| { readonly receiveAll: true }
	/** Ends its half. */
	| { readonly end: true }
	/** Closes, with a reset where `reset` is true. */
	| { readonly close: true; readonly reset?: boolean }
	/** Sends back all it gets, and ends when the other side does. */
	| { readonly echo: true };

/** A place to connect to. */
export type Target = { readonly port: number; readonly host: string } | { readonly path: string };

/** What one connection of a peer has seen when its steps are done. */
export interface Transcript {
	/** As latin1. */
	readonly received: string;
	/** The code of the error that ended the steps early. */
	readonly error: string | undefined;
}

/** A question to the peer's thread. */
export type PeerQuestion =
	| { readonly verb: 'listen'; readonly steps: readonly Step[]; readonly path?: string }
	| { readonly verb: 'call'; readonly steps: readonly Step[]; readonly target: Target }
	| { readonly verb: 'transcript'; readonly connection: number };
