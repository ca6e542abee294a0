import { receiveMessageOnPort } from 'node:worker_threads';
import { type ClockTimer, SystemClock } from '../../clock.js';
import { InternalError } from '../../errors.js';
import { DONE, LEAVE, READY, RETIRE } from '../core-operations.js';
import { Backlog } from './backlog.js';
import { fits, load, type Packet, store } from './codec.js';
import type { Delegate } from './delegate.js';
import { LANE_SLOTS } from './lane.js';
import { Patience } from './patience.js';
import { Pool, type PoolOptions } from './pool.js';
import { CellRequest, PortRequest } from './request.js';
import { type Dispatcher, Scheduler } from './scheduler.js';
import type { Start, Thread } from './thread.js';
import type { Posted } from './thread-engine.js';
import { Board, Cell } from './wire.js';

/** How many greenlets the average of a thread looks back on, so that a change shows within a few. */
const AVERAGED = 16;

export type ExchangeOptions = Omit<PoolOptions, 'board' | 'onMessage' | 'onEnd' | 'clock'> & {
	/** How many greenlets run JavaScript at once. */
	readonly runnable: number;
	/** The board of script mode's main thread; made here otherwise. */
	readonly board?: Board;
};

/** The hub's side of the wire: takes questions off the board, starts greenlets in threads, hands out answers. Hub thread only. */
export class Exchange<O> implements Dispatcher {
	readonly pool: Pool;
	readonly scheduler: Scheduler;
	readonly board: Board;
	readonly #delegate: Delegate<O>;
	readonly #clock = new SystemClock();
	readonly #backlog = new Backlog();
	readonly #spare: number;
	#polling = false;
	#pumping = false;
	readonly #patience = new Patience();
	#shrinkTimer: ClockTimer | undefined;

	constructor(options: ExchangeOptions, delegate: Delegate<O>) {
		this.#delegate = delegate;
		this.board = options.board ?? new Board(options.max + 1);
		// Looking pays only while there are more cores than threads that could use them.
		this.#spare = options.runnable - 2;
		this.scheduler = new Scheduler(options.runnable, this.#clock, this);
		this.pool = new Pool({
			...options,
			clock: this.#clock,
			board: this.board,
			onMessage: (thread, message) => this.message(thread, message as Posted | 0),
			onEnd: (thread, error) => this.#threadEnded(thread, error),
		});
		this.pool.want(0);
		this.#sleep();
	}

	/** Starts a greenlet as soon as a thread and a core are free. */
	start(start: Start): void {
		this.#backlog.add(start);
		this.#pumpSoon();
	}

	/** Places are filled once for all that a turn of the loop has brought, so that it shows how many threads that is worth. */
	#pumpSoon(): void {
		if (this.#pumping) return;
		this.#pumping = true;
		setImmediate(this.#pump);
	}

	readonly #pump = (): void => {
		this.#pumping = false;
		this.scheduler.pump();
		this.attend();
	};

	/** Takes back a greenlet that no thread has begun; false when one has, whether the hub has seen so or not. */
	withdraw(start: Start): boolean {
		for (const thread of this.scheduler.threads) if (thread.line.includes(start)) this.#takeBack(thread, 1);
		return this.#backlog.delete(start);
	}

	/**
	 * To be called before a thread is ended because of the greenlet it runs: nobody behind that one may be hit. What has not
	 * begun is taken back; if something has, the greenlet before it has ended, which is heard here.
	 */
	isolate(thread: Thread): void {
		this.#takeBack(thread, 1);
		this.#settleEnded(thread, true);
	}

	startNext(): boolean {
		const start = this.#backlog.next;
		if (!start) return false;
		const thread = this.pool.take();
		if (!thread) {
			this.#want();
			return false;
		}
		this.#backlog.delete(start);
		this.scheduler.begin(thread);
		this.#give(thread, start);
		return true;
	}

	/** More threads than may run help only those who park, and these leave their places. */
	#want(): void {
		this.pool.want(Math.max(0, Math.min(this.#backlog.size, this.scheduler.limit - this.scheduler.running)));
	}

	/** Lets threads whose greenlets do not park find the next one without asking. */
	workAhead(budgetMs: number): void {
		for (let start = this.#backlog.next; start; start = this.#backlog.next) {
			const thread = this.#shortestLine(budgetMs);
			// What goes over the port would be taken for an answer to the greenlets before it.
			if (!thread || !fits(thread.lane.vacant, start.packet)) return;
			this.#backlog.delete(start);
			this.#give(thread, start);
		}
	}

	#shortestLine(budgetMs: number): Thread | undefined {
		let shortest: Thread | undefined;
		for (const thread of this.scheduler.threads) {
			const { length } = thread.line;
			if (!thread.straight || thread.retiring || thread.condemned || length === 0 || length === LANE_SLOTS) continue;
			if (length * thread.averageMs < budgetMs && length < (shortest?.line.length ?? LANE_SLOTS)) shortest = thread;
		}
		return shortest;
	}

	/** What waits behind a greenlet that parks goes to other threads. */
	#paused(thread: Thread): void {
		thread.paused = true;
		this.ranLong(thread);
		this.scheduler.leave(thread);
	}

	ranLong(thread: Thread): void {
		thread.straight = false;
		this.#takeBack(thread, 1);
	}

	#give(thread: Thread, start: Start): void {
		thread.line.push(start);
		if (thread.line.length === 1) this.#begun(thread);
		this.#deliver(thread, start.operation, start.greenlet, start.packet);
	}

	/** The first in line counts as begun. */
	#begun(thread: Thread): void {
		const start = thread.line[0] as Start;
		thread.greenlet = start.greenlet;
		thread.paused = false;
		thread.begunAt = performance.now();
		start.taken(thread);
	}

	/** Takes back what the thread has not begun, down to `keep` in line; the newest first, so that their order stays. */
	#takeBack(thread: Thread, keep: number): void {
		for (; thread.line.length > keep && thread.lane.takeBack(); this.#pumpSoon()) this.#backlog.putBack(thread.line.pop() as Start);
	}

	#deliver(thread: Thread, operation: number, greenlet: number, packet: Packet): void {
		const { lane } = thread;
		const slot = lane.vacant;
		store(slot, packet, thread.port, false);
		slot.operation = operation;
		slot.greenlet = greenlet;
		this.board.mayLook = this.#unhurried;
		if (lane.give()) thread.port.postMessage(0);
		this.attend();
	}

	/** There are cores to spare for looking: few threads run, and none has work ahead. */
	get #unhurried(): boolean {
		return this.scheduler.running <= this.#spare && !this.scheduler.lined;
	}

	/** Looks at the board for the next loop turns: somebody is running and may soon ask. */
	attend(): void {
		if (this.#polling) return;
		this.#polling = true;
		this.board.wake();
		setImmediate(this.#poll);
	}

	readonly #poll = (): void => {
		if (this.board.sweep(this.#visit) > 0) this.#patience.found();
		if (this.scheduler.running > 0 && this.#patience.more(this.#unhurried)) setImmediate(this.#poll);
		else this.#sleep();
	};

	#sleep(): void {
		this.board.mayLook = false;
		if (!this.board.doze()) {
			this.#polling = true;
			setImmediate(this.#poll);
			return;
		}
		this.#polling = false;
		// The main thread of script mode may be busy with its own event loop; greenlets can be stuck all the same.
		const main = this.pool.thread(0)?.counted ? 1 : 0;
		if (this.scheduler.running === main && this.scheduler.waiting === 0 && !this.#pumping) this.#delegate.quiet();
	}

	/** A message of a thread's port: a bell, or something told or asked. */
	message(thread: Thread, message: Posted | Packet | 0): void {
		if (message === 0) {
			if (!this.#polling) {
				this.#polling = true;
				this.#poll();
			}
			return;
		}
		this.#settleEnded(thread, false);
		this.#message(thread, message);
	}

	#message(thread: Thread, message: Posted | Packet): void {
		thread.taken++;
		if ('format' in message) thread.ahead.push(message);
		else this.#posted(thread, message);
	}

	#posted(thread: Thread, { operation, packet, call }: Posted): void {
		if (call === undefined) {
			this.#told(thread, operation, packet);
			return;
		}
		const request = new PortRequest(this.#delegate.owner(thread), thread.port, call);
		this.#delegate.asked(thread, operation, packet, request);
	}

	#told(thread: Thread, operation: number, packet: Packet): void {
		if (operation === READY.id) {
			this.scheduler.leave(thread); // preloads may have asked and been resumed
			this.pool.ready(thread);
			this.scheduler.pump();
		} else if (operation === RETIRE.id) this.#retire(thread);
		else this.#delegate.told(thread, operation, packet);
	}

	/** A thread with a stray error takes no further greenlets. */
	#retire(thread: Thread): void {
		thread.retiring = true;
		this.#takeBack(thread, 1);
		if (thread.state === 'idle') this.dismiss(thread);
	}

	/** Has every thread replaced as soon as it is free, because new ones would be set up differently. */
	replaceThreads(): void {
		for (const thread of this.pool.threads()) if (thread.index !== 0) this.#retire(thread);
	}

	/** Sends an idle thread away. */
	dismiss(thread: Thread): void {
		this.pool.withdraw(thread);
		this.#sendAway(thread);
	}

	#sendAway(thread: Thread): void {
		thread.state = 'leaving';
		this.#deliver(thread, LEAVE.id, 0, { format: 0 });
	}

	readonly #visit = (index: number): void => {
		const thread = this.pool.thread(index);
		if (!thread) return;
		const { cell } = thread;
		const question = cell.question();
		// Loaded first: whoever sees a question sees the end of the greenlet before it, too.
		this.#settleEnded(thread, true);
		if (!thread.paused && thread.greenlet !== 0 && thread.lane.async === thread.greenlet) this.#paused(thread);
		// A flag may stand for an end, or for a question that has been taken in already and still waits for its answer.
		if (!Cell.pending(question) || question === thread.seen) return;
		thread.seen = question;
		this.#hear(thread, cell.posts);
		const operation = cell.operation;
		const packet = load(cell, () => this.#takeAhead(thread));
		if (cell.notice) {
			cell.answer(question, 'value'); // read, so the cell may be used again; nobody is parked on it
			this.#told(thread, operation, packet);
			return;
		}
		const request = new CellRequest(this.#delegate.owner(thread), thread, question, this);
		this.#delegate.asked(thread, operation, packet, request);
		// After the handler: an answer given at once keeps the thread's place, nobody else is woken for nothing.
		if (request.waiting) this.#paused(thread);
	};

	/** What the thread posted before it asked comes first; counting keeps later posts for their own turn. */
	#hear(thread: Thread, upTo: number): void {
		while (thread.taken < upTo) {
			const received = receiveMessageOnPort(thread.port);
			if (!received) throw new InternalError(`Thread ${thread.index} has posted ${upTo} messages, of which only ${thread.taken} are there`);
			if (received.message !== 0) this.#message(thread, received.message as Posted | Packet);
		}
	}

	/** Takes in results, in order; with `hear` off only those before the next message of the port. */
	#settleEnded(thread: Thread, hear: boolean): void {
		const { lane } = thread;
		for (let slot = lane.ended(); slot; slot = lane.ended()) {
			if (hear) this.#hear(thread, slot.posts);
			else if (slot.posts > thread.taken) return;
			// What was heard may have had this called meanwhile, and the slot read.
			if (lane.ended() !== slot) continue;
			const packet = load(slot, () => this.#takeAhead(thread));
			const ok = slot.operation === DONE.id;
			lane.release();
			this.#ended(thread, ok, packet);
		}
	}

	/** A parked greenlet's answer is written: it goes on when the scheduler has a place for it. */
	resume(thread: Thread, wake: () => void): void {
		if (thread.counted) this.#wake(wake);
		else this.scheduler.resume(thread, () => this.#wake(wake));
	}

	#wake(wake: () => void): void {
		this.board.mayLook = this.#unhurried;
		wake();
		this.attend();
	}

	#takeAhead(thread: Thread): Packet {
		const ahead = thread.ahead.shift();
		if (!ahead) throw new InternalError(`Thread ${thread.index} announced a message that did not come`);
		return ahead;
	}

	#ended(thread: Thread, ok: boolean, packet: Packet): void {
		this.#delegate.ended(thread, ok, packet);
		thread.line.shift();
		thread.straight = !thread.paused;
		if (thread.straight) thread.averageMs += (performance.now() - thread.begunAt - thread.averageMs) / AVERAGED;
		thread.greenlet = 0;
		// Resumed threads wait for this place: they and the next greenlet take turns.
		if (thread.retiring || thread.condemned || this.scheduler.waiting > 0) this.#takeBack(thread, 0);
		if (thread.line.length > 0) {
			this.scheduler.begin(thread);
			this.#begun(thread);
			this.scheduler.pump();
			return;
		}
		if (thread.condemned) thread.state = 'leaving';
		else if (thread.retiring) this.#sendAway(thread);
		else {
			this.pool.giveBack(thread);
			this.#shrinkLater();
		}
		this.scheduler.leave(thread);
	}

	#threadEnded(thread: Thread, error: Error | undefined): void {
		const boot = thread.state === 'booting';
		// Given nothing more. All it posted is here, since its port has closed: what ended counts, what has not begun starts elsewhere.
		thread.condemned = true;
		this.#settleEnded(thread, false);
		this.#takeBack(thread, 1);
		if (thread.greenlet !== 0) this.#delegate.lost(thread, error);
		else if (boot && error) this.#delegate.bootFailed(error);
		thread.line.length = 0;
		thread.state = 'dead';
		this.#delegate.gone(thread);
		this.scheduler.leave(thread);
		this.#want();
		// It may have died between winning the bell and ringing it.
		this.attend();
	}

	#shrinkLater(): void {
		if (this.#shrinkTimer || this.pool.surplusAfterMs === undefined) return;
		this.#shrinkTimer = this.#clock.schedule(this.pool.surplusAfterMs, () => {
			this.#shrinkTimer = undefined;
			for (const thread of this.pool.surplus()) this.dismiss(thread);
			this.#shrinkLater();
		});
	}

	/** Ends all threads; settles when they have ended. */
	close(): Promise<void> {
		this.scheduler.stop();
		this.#shrinkTimer?.cancel();
		return this.pool.close();
	}
}
