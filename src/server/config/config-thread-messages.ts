import type { Log } from '../log/log.js';

/** What the config thread is started with. */
export interface ConfigThreadData {
	/** The config file, absolute. */
	readonly path: string;
}

/** An error on its way between threads, which would lose its class. */
export interface ErrorReport {
	readonly name: string;
	readonly message: string;
	readonly stack: string | undefined;
}

/** What a config file holds. */
export interface FileContents {
	/** The values that are plain data, by their names. */
	readonly values: ReadonlyMap<string, unknown>;
	/** The names of the functions. */
	readonly functions: readonly string[];
	/** The names of what is neither. */
	readonly others: readonly string[];
}

/** What the config thread tells the arbiter. The first message is `loaded` or `failed`. */
export type FromConfigThread =
	| { readonly type: 'loaded'; readonly contents: FileContents }
	| { readonly type: 'failed'; readonly error: ErrorReport }
	| { readonly type: 'log'; readonly level: keyof Log; readonly text: string }
	/** A hook has ended; with what it threw, if it did. */
	| { readonly type: 'done'; readonly id: number; readonly error: ErrorReport | undefined };

/** What the arbiter asks of the config thread. */
export interface RunHook {
	readonly id: number;
	readonly name: string;
	readonly views: readonly unknown[];
}

/** Makes an error ready for the way. */
export function reportError(thrown: unknown): ErrorReport {
	if (!(thrown instanceof Error)) return { name: 'Error', message: String(thrown), stack: undefined };
	return { name: thrown.name, message: thrown.message, stack: thrown.stack };
}

/** The error on the other side, with its own stack. */
export function reviveError({ name, message, stack }: ErrorReport): Error {
	return Object.assign(new Error(message), { name, stack: stack ?? `${name}: ${message}` });
}
