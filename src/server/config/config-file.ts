import type { Log } from '../log/log.js';
import { ConfigThread } from './config-thread.js';
import type { FileContents } from './config-thread-messages.js';
import { ARBITER_HOOK_NAMES } from './server-hooks.js';

/** How long a hook may take to run, in milliseconds. */
const PATIENCE_MS = 10_000;

/** How long a config file may take to load, in milliseconds: TypeScript takes its time on a busy machine, and no server starts without it. */
const LOAD_MS = 60_000;

/** The server hooks that run beside the arbiter, in the thread of the config file. */
export interface ServerHooks {
	/** Whether the config file has this hook. */
	has(name: string): boolean;
	/**
	 * Runs a hook and waits for it, 10 s at most. What it throws is logged, and one that hangs is ended with its thread; the next hook then
	 * gets a new thread, which loads the file anew.
	 * @param views plain data; every object gets a `log` in addition
	 */
	run(name: string, ...views: readonly unknown[]): Promise<void>;
	/** Whether the config file has hooks that run in the worker, which then loads it too. */
	readonly inWorker: boolean;
	/** Where hooks log from now on; what they have logged before is delivered. */
	attach(log: Log): void;
}

/** The hooks of a configuration without a config file. */
export const NO_HOOKS: ServerHooks = { has: () => false, inWorker: false, run: async () => undefined, attach: () => undefined };

/** A config file that is in force, with its thread. */
export class ConfigFile implements ServerHooks {
	/** Absolute. */
	readonly path: string;
	readonly contents: FileContents;
	readonly #patienceMs: number;
	readonly #loadMs: number;
	readonly #log: AttachableLog;
	#thread: ConfigThread;
	/** The hooks that run, with their names. */
	readonly #running = new Map<Promise<void>, string>();
	#closed = false;
	#ended = false;

	private constructor(
		path: string,
		contents: FileContents,
		thread: ConfigThread,
		log: AttachableLog,
		{ patienceMs, loadMs }: { readonly patienceMs: number; readonly loadMs: number },
	) {
		this.path = path;
		this.contents = contents;
		this.#thread = thread;
		this.#log = log;
		this.#patienceMs = patienceMs;
		this.#loadMs = loadMs;
	}

	/**
	 * Loads a config file in a new thread.
	 * @param path absolute
	 * @param patienceMs how long each hook may take to run, in milliseconds; default: 10 s
	 * @param loadMs how long the file may take to load, in milliseconds; default: 60 s
	 * @throws ConfigError `ERR_CONFIG` when it does not load
	 */
	static async load(path: string, patienceMs: number = PATIENCE_MS, loadMs: number = LOAD_MS): Promise<ConfigFile> {
		const log = new AttachableLog();
		const thread = new ConfigThread(path, log, loadMs);
		return new ConfigFile(path, await thread.loaded, thread, log, { patienceMs, loadMs });
	}

	has(name: string): boolean {
		return (ARBITER_HOOK_NAMES as readonly string[]).includes(name) && this.contents.functions.includes(name);
	}

	get inWorker(): boolean {
		return this.contents.functions.some((name) => !(ARBITER_HOOK_NAMES as readonly string[]).includes(name));
	}

	async run(name: string, ...views: readonly unknown[]): Promise<void> {
		if (!this.has(name) || this.#closed) return;
		const running = this.#run(name, views);
		this.#running.set(running, name);
		await running;
		this.#running.delete(running);
	}

	async #run(name: string, views: readonly unknown[]): Promise<void> {
		try {
			if (!this.#thread.alive) this.#thread = new ConfigThread(this.path, this.#log, this.#loadMs);
			await this.#thread.run(name, views, this.#patienceMs);
		} catch (error) {
			if (this.#ended) return;
			this.#log.error(`Hook ${name} of ${this.path} failed: ${error instanceof Error ? error.message : String(error)}`, error);
		}
	}

	attach(log: Log): void {
		this.#log.attach(log);
	}

	/** Waits for the hooks that run, and ends the thread; no hook begins any more. What comes before a worker is cut off: none is wanted now. */
	async close(): Promise<void> {
		this.#closed = true;
		await Promise.all([...this.#running].flatMap(([running, name]) => (name === 'pre_fork' ? [] : [running])));
		this.#ended = true;
		await this.#thread.close();
	}
}

/** Keeps what is logged until there is a log. */
class AttachableLog implements Log {
	#log: Log | undefined;
	#kept: ((log: Log) => void)[] = [];

	readonly debug = (text: string): void => this.#write((log) => log.debug(text));
	readonly info = (text: string): void => this.#write((log) => log.info(text));
	readonly warning = (text: string): void => this.#write((log) => log.warning(text));
	readonly error = (text: string, cause?: unknown): void => this.#write((log) => log.error(text, cause));
	readonly critical = (text: string, cause?: unknown): void => this.#write((log) => log.critical(text, cause));

	attach(log: Log): void {
		this.#log = log;
		for (const write of this.#kept.splice(0)) write(log);
	}

	#write(write: (log: Log) => void): void {
		if (this.#log) write(this.#log);
		else this.#kept.push(write);
	}
}
