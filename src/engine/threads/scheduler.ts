import type { Clock, ClockTimer } from '../../clock.js';
import type { Thread } from './thread.js';

/**
 * How much work may lie ahead of a running thread, in ms, before another thread is woken for it, and when as many run as
 * may. Waking one costs some ten microseconds on either side and a switch of contexts for as long as both run.
 */
const BEFORE_WAKING_MS = 0.5;
const WHEN_FULL_MS = 2;

/** A thread that runs this many sweeps without parking gives up its place in the count. */
const SWEEPS = 2;
const SWEEP_MS = 5;

/** What the scheduler has done by whoever knows greenlets and threads. */
export interface Dispatcher {
	/** Starts the next greenlet in an idle thread; false when there is none to start or no thread for it. */
	startNext(): boolean;
	/** Puts greenlets in line behind running ones, wherever those ahead will take less than `budgetMs`. */
	workAhead(budgetMs: number): void;
	/** Nobody must wait in line behind this thread's greenlet, which has run for long. */
	ranLong(thread: Thread): void;
}

/**
 * Decides how many threads run JavaScript at once. Waking many threads on few cores costs more in context
 * switches than the work itself, so answers wait here until a running thread parks, ends or has run for long:
 * such a thread sits in a native call or computes, and must not keep the others from the cores (Go's rule for
 * threads in system calls). Hub thread only.
 */
export class Scheduler {
	readonly limit: number;
	readonly #dispatcher: Dispatcher;
	readonly #clock: Clock;
	readonly #running = new Set<Thread>();
	#ready: { thread: Thread; wake: () => void }[] = [];
	#head = 0;
	#sweeps = 0;
	#timer: ClockTimer | undefined;
	#startsTurn = false;

	constructor(limit: number, clock: Clock, dispatcher: Dispatcher) {
		this.limit = limit;
		this.#clock = clock;
		this.#dispatcher = dispatcher;
	}

	/** Threads that count as running. */
	get running(): number {
		return this.#running.size;
	}

	/** Whether something lies in line behind a running greenlet. */
	get lined(): boolean {
		for (const { line } of this.#running) if (line.length > 1) return true;
		return false;
	}

	/** Answers that wait for a core. */
	get waiting(): number {
		return this.#ready.length - this.#head;
	}

	/** Lets a thread go on, now or when its turn comes. */
	resume(thread: Thread, wake: () => void): void {
		if (this.#running.size < this.limit && this.waiting === 0) this.#run(thread, wake);
		else {
			this.#ready.push({ thread, wake });
			this.#watch();
		}
	}

	/** Counts a thread that begins a greenlet, or is seen to have begun the next in its line. */
	begin(thread: Thread): void {
		thread.counted = true;
		thread.resumedAt = this.#sweeps;
		this.#running.add(thread);
	}

	/** Threads that count as running. */
	get threads(): Iterable<Thread> {
		return this.#running;
	}

	/** The thread has parked, ended or died. One that has lost its place before may be the idle one others wait for. */
	leave(thread: Thread): void {
		thread.counted = false;
		this.#running.delete(thread);
		this.pump();
	}

	/**
	 * Fills free places: resumed threads and new greenlets in turns, so that neither starves. New ones go into line first,
	 * as long as that delays them less than waking a thread; never while resumed threads wait for a place.
	 */
	pump(): void {
		if (this.waiting === 0) this.#dispatcher.workAhead(BEFORE_WAKING_MS);
		while (this.#running.size < this.limit && this.#goOn());
		if (this.#running.size >= this.limit && this.waiting === 0) this.#dispatcher.workAhead(WHEN_FULL_MS);
		this.#watch();
	}

	#goOn(): boolean {
		this.#startsTurn = !this.#startsTurn;
		if (this.#startsTurn) return this.#dispatcher.startNext() || this.#resumeNext();
		return this.#resumeNext() || this.#dispatcher.startNext();
	}

	#resumeNext(): boolean {
		const next = this.#ready[this.#head];
		if (!next) return false;
		this.#head++;
		if (this.#head === this.#ready.length) {
			this.#ready = [];
			this.#head = 0;
		} else if (this.#head > 1024) {
			this.#ready = this.#ready.slice(this.#head);
			this.#head = 0;
		}
		if (next.thread.state !== 'dead') this.#run(next.thread, next.wake);
		return true;
	}

	#run(thread: Thread, wake: () => void): void {
		this.begin(thread);
		wake();
	}

	/** Watches for long runners; only while somebody waits for their place or in line behind them. */
	#watch(): void {
		if (this.#timer || !(this.#running.size >= this.limit || this.lined)) return;
		this.#timer = this.#clock.schedule(SWEEP_MS, () => {
			this.#timer = undefined;
			this.#sweep();
		});
	}

	#sweep(): void {
		this.#sweeps++;
		const full = this.#running.size >= this.limit;
		for (const thread of this.#running) {
			if (this.#sweeps - thread.resumedAt < SWEEPS || !(full || thread.line.length > 1)) continue;
			thread.counted = false;
			this.#running.delete(thread);
			this.#dispatcher.ranLong(thread);
		}
		this.pump();
	}

	/** Stops the timer; for the end of the hub. */
	stop(): void {
		this.#timer?.cancel();
	}
}
