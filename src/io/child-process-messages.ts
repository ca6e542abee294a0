import { operation } from '../engine/operation.js';

/** What a descriptor of the child is: Node's words for `stdio`, or a descriptor of this process. */
export type StdioMessage = string | number | null;

/** What the hub passes to `child_process.spawn`, and how it is to end. */
export interface ChildMessage {
	readonly file: string;
	readonly args: readonly string[];
	/** Options that `child_process.spawn` understands by itself; it also checks them. */
	readonly options: Readonly<Record<string, unknown>>;
	readonly stdio: StdioMessage | readonly StdioMessage[];
	/** Written to the child's standard input. */
	readonly input: Uint8Array | null;
	/** Milliseconds; 0 for no limit. */
	readonly timeoutMs: number;
	/** Bytes of all output together; 0 for no limit. */
	readonly maxBuffer: number;
	readonly killSignal: string | number;
}

/** How a child ended. */
export interface ChildEnd {
	readonly pid: number;
	readonly status: number | null;
	readonly signal: string | null;
	/** One item for each descriptor, null where there is no pipe to read; null when the child never started. */
	readonly output: readonly (Buffer | null)[] | null;
	/** The system's complaint, if it had one. */
	readonly error: { readonly code: string; readonly errno: number } | null;
	/** What was started in the end: a shell, where one was asked for. */
	readonly file: string;
	readonly args: readonly string[];
}

/** Starts a child and answers when it has ended and its pipes are closed. */
export const RUN_CHILD = operation<[child: ChildMessage], ChildEnd>(128, 'spawnSync');
