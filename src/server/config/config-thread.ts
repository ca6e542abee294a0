import { readdirSync, readFileSync } from 'node:fs';
import { SHARE_ENV, Worker } from 'node:worker_threads';
import type { Log } from '../log/log.js';
import { configFileError } from './config-file-error.js';
import { type ConfigThreadData, type FileContents, type FromConfigThread, type RunHook, reviveError } from './config-thread-messages.js';

/** How long the thread may take to end once it is told to, in milliseconds. */
const END_MS = 1_000;

/**
 * The thread that a config file lives in. It has a module cache of its own, so that a new thread reads everything afresh, and what spins
 * or hangs in it holds up nobody else. It shares the environment with the arbiter, and so with the workers to come.
 */
export class ConfigThread {
	readonly #thread: Worker;
	readonly #waiting = new Map<number, { resolve(): void; reject(error: Error): void }>();
	#lastId = 0;
	#failure: Error | undefined;
	/** What the file holds; rejects with ConfigError `ERR_CONFIG`. */
	readonly loaded: Promise<FileContents>;

	/**
	 * Starts the thread, which loads the file.
	 * @param path absolute
	 * @param log what hooks log through
	 * @param deadlineMs how long the file may take to load, in milliseconds
	 */
	constructor(path: string, log: Log, deadlineMs: number) {
		const workerData: ConfigThreadData = { path };
		this.#thread = new Worker(new URL('./config-thread-main.js', import.meta.url), { workerData, env: SHARE_ENV, name: 'config' });
		// The arbiter has its workers to live for.
		this.#thread.unref();
		this.#thread.on('error', (error) => this.#fail(error));
		this.#thread.on('exit', (status) => this.#fail(new Error(`its thread has ended (status ${status})`)));
		this.loaded = this.#load(path, log, deadlineMs);
	}

	/** Whether it can run a hook. */
	get alive(): boolean {
		return this.#failure === undefined;
	}

	/**
	 * Runs a function that the file exports, and waits for it.
	 * @param deadlineMs after so many milliseconds the whole thread is ended
	 * @throws what the function throws, or why it did not end
	 */
	async run(name: string, views: readonly unknown[], deadlineMs: number): Promise<void> {
		await this.loaded;
		if (this.#failure) throw this.#failure;
		const id = ++this.#lastId;
		const request: RunHook = { id, name, views };
		await this.#bounded(deadlineMs, (resolve, reject) => {
			this.#waiting.set(id, { resolve, reject });
			this.#thread.postMessage(request);
		});
	}

	/**
	 * Ends the thread, whatever it is doing: the processes it waits for in a native call such as `execSync` are killed. Resolves when it has
	 * ended, or will not within two seconds.
	 */
	async close(): Promise<void> {
		this.#fail(new Error('its thread has been ended'));
		const ended = this.#thread.terminate().then(() => true);
		if (await Promise.race([ended, later(END_MS)])) return;
		killChildrenOfThreads();
		await Promise.race([ended, later(END_MS)]);
	}

	async #load(path: string, log: Log, deadlineMs: number): Promise<FileContents> {
		try {
			return await this.#bounded<FileContents>(deadlineMs, (resolve, reject) => {
				this.#waiting.set(0, { resolve: () => undefined, reject });
				this.#thread.on('message', (message: FromConfigThread) => {
					if (message.type === 'loaded') resolve(message.contents);
					else if (message.type === 'failed') reject(reviveError(message.error));
					else this.#receive(message, log);
				});
			});
		} catch (cause) {
			void this.close();
			throw configFileError(path, cause);
		} finally {
			this.#waiting.delete(0);
		}
	}

	#receive(message: FromConfigThread, log: Log): void {
		if (message.type === 'log') log[message.level](message.text);
		if (message.type !== 'done') return;
		const waiting = this.#waiting.get(message.id);
		this.#waiting.delete(message.id);
		if (message.error) waiting?.reject(reviveError(message.error));
		else waiting?.resolve();
	}

	#fail(error: Error): void {
		this.#failure ??= error;
		for (const { reject } of this.#waiting.values()) reject(error);
		this.#waiting.clear();
	}

	async #bounded<T = void>(ms: number, start: (resolve: (value: T) => void, reject: (error: Error) => void) => void): Promise<T> {
		let timer: NodeJS.Timeout | undefined;
		try {
			return await new Promise<T>((resolve, reject) => {
				timer = setTimeout(() => {
					reject(new Error(`it did not end within ${ms / 1_000} s`));
					void this.close();
				}, ms);
				start(resolve, reject);
			});
		} finally {
			clearTimeout(timer);
		}
	}
}

/** Resolves with false; keeps no process alive. */
function later(ms: number): Promise<false> {
	return new Promise((resolve) => {
		setTimeout(() => resolve(false), ms).unref();
	});
}

/**
 * Kills the child processes of all threads but the main one, whose children the workers are: a thread that waits for one in a native call
 * cannot be ended, and would hold up the exit of the arbiter. Linux tells who started a process; elsewhere nothing happens.
 */
function killChildrenOfThreads(): void {
	try {
		const tasks = readdirSync('/proc/self/task').filter((task) => task !== String(process.pid));
		const pids = tasks.flatMap((task) => readFileSync(`/proc/self/task/${task}/children`, 'latin1').split(' '));
		for (const pid of pids.filter((text) => text !== '')) process.kill(Number(pid), 'SIGKILL');
	} catch {
		// Another system, a child of another user, or one that has just ended: nothing more can be done, and the arbiter goes on.
	}
}
