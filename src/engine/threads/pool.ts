import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { MessageChannel, SHARE_ENV } from 'node:worker_threads';
import { Piscina } from 'piscina';
import { type Clock, lookUntil } from '../../clock.js';
import { Lane } from './lane.js';
import { Thread, type ThreadSeat } from './thread.js';
import { type Board, Cell } from './wire.js';

/** A module that threads import before their first greenlet; its `preload` export, if any, is called with `data`. */
export interface Preload {
	readonly url: string;
	readonly data?: unknown;
}

/** What every thread of the pool is given at its start. */
export interface ThreadSetup {
	/** How threads come to be patched. */
	readonly preloads: readonly Preload[];
	/** `process.argv` as the app shall see it. */
	readonly argv: readonly string[];
	readonly terminal: TerminalShape;
}

/** What `process.stdout` and its like say about the terminal; threads have none of their own. */
export interface TerminalShape {
	readonly stdout: { isTTY: boolean; columns: number; rows: number };
	readonly stderr: { isTTY: boolean; columns: number; rows: number };
	readonly stdin: { isTTY: boolean };
}

export interface PoolOptions {
	readonly entry: URL;
	readonly min: number;
	readonly max: number;
	/** Heap limit of one thread in MB. */
	readonly heapLimitMb: number;
	/** Threads idle for longer than this many ms end, down to `min`. */
	readonly idleMs: number;
	readonly setup: () => ThreadSetup;
	readonly clock: Clock;
	readonly board: Board;
	readonly onMessage: (thread: Thread, message: unknown) => void;
	/** The thread has ended: `error` is undefined when it left by itself. */
	readonly onEnd: (thread: Thread, error: Error | undefined) => void;
}

/** How long the end of the process waits for threads that are coming up: long enough for a busy machine. */
const BOOT_MS = 5_000;

/** Starting more than this many threads at a time only makes each of them slower. */
const BOOTING_AT_ONCE = availableParallelism();

/**
 * The threads. piscina starts, limits, ends and reports them; each one runs a single piscina task that lasts as
 * long as the thread serves, because handing every greenlet to `piscina.run()` costs time in proportion to the
 * number of threads. Idle ones are kept in a stack: the warmest is taken first. Hub thread only.
 */
export class Pool {
	readonly #options: PoolOptions;
	readonly #piscina: Piscina;
	readonly #threads: (Thread | undefined)[] = [];
	readonly #idle: Thread[] = [];
	#size = 0;
	#booting = 0;
	#wanted = 0;
	#starting = false;
	#closed = false;

	constructor(options: PoolOptions) {
		this.#options = options;
		this.#piscina = new Piscina({
			filename: fileURLToPath(options.entry),
			minThreads: 0,
			maxThreads: options.max,
			// A thread whose loop task has ended is of no further use.
			idleTimeout: 0,
			atomics: 'disabled',
			recordTiming: false,
			env: SHARE_ENV,
			trackUnmanagedFds: false,
			resourceLimits: { maxOldGenerationSizeMb: options.heapLimitMb },
		});
		this.#threads.push(undefined); // index 0 belongs to the main thread of script mode
	}

	get size(): number {
		return this.#size;
	}

	/** Threads that could be started in addition. */
	get room(): number {
		return this.#options.max - this.#size;
	}

	/** Threads that are coming up. */
	get booting(): number {
		return this.#booting;
	}

	get idle(): number {
		return this.#idle.length;
	}

	/** A greenlet that waits for a thread gets one, whatever the busy ones do: one is free, comes up, can be started, or makes room. */
	get hopeful(): boolean {
		return this.room > 0 || this.idle > 0 || this.#booting > 0 || this.#threads.some((thread) => thread?.state === 'leaving');
	}

	thread(index: number): Thread | undefined {
		return this.#threads[index];
	}

	threads(): Thread[] {
		return this.#threads.filter((thread) => thread !== undefined);
	}

	/** Seats a thread that the pool did not start: the main thread of script mode. */
	seat(thread: Thread): void {
		this.#threads[thread.index] = thread;
	}

	/** The warmest idle thread, or undefined. */
	take(): Thread | undefined {
		const thread = this.#idle.pop();
		if (thread) thread.state = 'busy';
		return thread;
	}

	/** Puts a thread back that has nothing to do. */
	giveBack(thread: Thread): void {
		thread.state = 'idle';
		thread.idleSince = this.#options.clock.now();
		this.#idle.push(thread);
	}

	/** Says how many greenlets wait for a thread just now; threads come up for them as far as the cap allows. */
	want(waiting: number): void {
		this.#wanted = Math.max(waiting, this.#options.min - (this.#size - this.#booting));
		this.#startSoon();
	}

	// One start per loop turn: `new Worker()` holds the loop up for milliseconds.
	#startSoon(): void {
		if (this.#starting || !this.#mayStart()) return;
		this.#starting = true;
		setImmediate(() => {
			this.#starting = false;
			if (!this.#mayStart()) return;
			this.#start();
			this.#startSoon();
		});
	}

	#mayStart(): boolean {
		return !this.#closed && this.room > 0 && this.#booting < Math.min(this.#wanted, BOOTING_AT_ONCE);
	}

	#start(): void {
		const index = this.#freeIndex();
		const cell = new Cell();
		const lane = new Lane();
		const { port1, port2 } = new MessageChannel();
		const abort = new AbortController();
		const thread = new Thread(index, cell, lane, port1, () => {
			thread.condemned = true;
			abort.abort();
		});
		this.#threads[index] = thread;
		this.#size++;
		this.#booting++;
		port1.on('message', (message) => this.#options.onMessage(thread, message));
		const seat: ThreadSeat = { index, cell: cell.memory, lane: lane.memory, board: this.#options.board.memory, port: port2 };
		const task = this.#piscina.run({ seat, setup: this.#options.setup() }, { transferList: [port2], signal: abort.signal }).then(
			() => undefined,
			(error: unknown) => (error instanceof Error ? error : new Error(String(error))),
		);
		// An abort settles the task while the thread may still run, or sit in a native call: the port closes when it has ended.
		const closed = new Promise((resolve) => port1.once('close', resolve));
		void task.then(() => port2.close()); // does something only if the thread never got as far as receiving it
		void Promise.all([task, closed]).then(([error]) => this.#ended(thread, error));
	}

	#freeIndex(): number {
		for (let index = 1; ; index++) if (!this.#threads[index]) return index;
	}

	/** The thread has imported what it needs and can take greenlets. */
	ready(thread: Thread): void {
		this.#booting--;
		this.#wanted--;
		this.giveBack(thread);
		this.#startSoon();
	}

	#ended(thread: Thread, error: Error | undefined): void {
		if (thread.state === 'booting') {
			this.#booting--;
		}
		const at = this.#idle.indexOf(thread);
		if (at >= 0) this.#idle.splice(at, 1);
		this.#threads[thread.index] = undefined;
		this.#size--;
		this.#options.board.lower(thread.index);
		this.#options.onEnd(thread, error);
		thread.state = 'dead';
		thread.port.close();
	}

	/** In how many ms it is worth to look for surplus threads, or undefined while there are none. */
	get surplusAfterMs(): number | undefined {
		return this.#size > this.#options.min && this.#idle.length > 0 ? this.#options.idleMs : undefined;
	}

	/** Idle threads that have been idle for too long, coldest first. */
	surplus(): Thread[] {
		const before = this.#options.clock.now() - this.#options.idleMs;
		const most = this.#size - this.#options.min;
		return this.#idle.filter((thread) => thread.idleSince <= before).slice(0, Math.max(0, most));
	}

	/** Takes a given thread out of the idle ones. */
	withdraw(thread: Thread): void {
		const at = this.#idle.indexOf(thread);
		if (at >= 0) this.#idle.splice(at, 1);
		thread.state = 'busy';
	}

	/**
	 * Starts no further threads; settles when those that are coming up have come up, or seem never to. Node 20 aborts the process when a
	 * thread is ended while it links an ES module for `require`.
	 */
	async settle(): Promise<void> {
		this.#closed = true;
		await lookUntil(() => this.#booting === 0, BOOT_MS);
	}

	/** Ends every thread with force; settles when they have ended. */
	async close(): Promise<void> {
		await this.settle();
		await this.#piscina.destroy();
	}
}
