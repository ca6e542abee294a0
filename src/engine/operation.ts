/**
 * Something a greenlet can ask of the hub: a number for the wire, a name for messages, and the types of both
 * directions. The list is closed: each module declares its own operations, in its own block of numbers
 * (core 1-31, net 32-63, dns 64-95, http 96-127, child_process 128-159, server 160-191, fs 192-223, testing 224-233, proxies 234-239, thread pools 240-249).
 */
export interface Operation<Args extends readonly unknown[], Result> {
	readonly id: number;
	readonly name: string;
	/** Never set; carries the types. */
	readonly signature?: (...args: Args) => Result;
}

/** Declares an operation; the `id` is unique in the process and the `name` is what errors and `WouldBlockForeverError` print. */
export function operation<Args extends readonly unknown[], Result>(id: number, name: string): Operation<Args, Result> {
	return { id, name };
}
