import { HEADER_BYTES, Letter, POSTS, STATE } from './letter.js';

/*
 * A `Lane` belongs to one pool thread: a ring of slots, each for one greenlet on its way in and its result on the way out.
 *
 *   EMPTY --hub gives--> FULL --thread takes--> TAKEN --thread ends--> ENDED --hub releases--> EMPTY
 *                          \--hub takes back--> EMPTY
 *
 * Only FULL can be left by either side, and both leave it by compare-and-swap: a greenlet is begun or taken back, never
 * both. The thread takes from the front and the hub takes back from the end, so when the hub cannot have a slot back, every
 * slot before it has ended, and the hub sees that, all stores here being sequentially consistent.
 */

/** How many greenlets may lie in a lane, the running one and results not yet read included. */
export const LANE_SLOTS = 64;
/** Bytes of a greenlet's arguments or result that fit into a slot; larger ones travel over the thread's port. */
const SLOT_CAPACITY = 8_192;
const SLOT_BYTES = HEADER_BYTES + SLOT_CAPACITY;

const EMPTY = 0;
const FULL = 1;
const TAKEN = 2;
const ENDED = 3;

// Int32 indices into the lane's own header.
const ASLEEP = 0;
const ASYNC = 1;

/** One greenlet on its way into a thread, and its result on the way out. */
export class Slot extends Letter {
	constructor(memory: SharedArrayBuffer, offset: number) {
		super(memory, offset, SLOT_CAPACITY);
	}

	/** Port messages the thread had posted when the greenlet ended. */
	get posts(): number {
		return this.words[POSTS] as number;
	}
	set posts(count: number) {
		this.words[POSTS] = count;
	}

	is(state: number): boolean {
		return Atomics.load(this.words, STATE) === state;
	}

	become(state: number): void {
		Atomics.store(this.words, STATE, state);
	}

	move(from: number, to: number): boolean {
		return Atomics.compareExchange(this.words, STATE, from, to) === from;
	}

	/** Wakes the thread if it waits for this slot to be filled. */
	wake(): void {
		Atomics.notify(this.words, STATE, 1);
	}

	/** Waits for at most `ms` milliseconds until this slot, if it is empty, is filled. */
	wait(ms: number): void {
		Atomics.wait(this.words, STATE, EMPTY, ms);
	}
}

/**
 * The greenlets a thread is to run next, in order, and the results of those it has run: the hub works ahead, so that
 * neither side waits for the other while there is work. What the thread has not begun the hub may take back.
 */
export class Lane {
	readonly memory: SharedArrayBuffer;
	readonly #words: Int32Array;
	/** Views are made when they are needed first: most threads never need more than a few at a time. */
	readonly #slots: Slot[] = [];
	#front = 0;
	#back = 0;

	constructor(memory: SharedArrayBuffer = new SharedArrayBuffer(HEADER_BYTES + LANE_SLOTS * SLOT_BYTES)) {
		this.memory = memory;
		this.#words = new Int32Array(memory, 0, HEADER_BYTES / 4);
	}

	#at(position: number): Slot {
		const index = position % LANE_SLOTS;
		const known = this.#slots[index];
		if (known) return known;
		const slot = new Slot(this.memory, HEADER_BYTES + index * SLOT_BYTES);
		this.#slots[index] = slot;
		return slot;
	}

	/** Greenlet thread: the next greenlet to run. */
	take(): Slot | undefined {
		const slot = this.#at(this.#front);
		return slot.move(FULL, TAKEN) ? slot : undefined;
	}

	/** Greenlet thread: the greenlet it has taken has ended, and the slot holds the result. */
	end(): void {
		this.#at(this.#front++).become(ENDED);
	}

	/** Greenlet thread, between greenlets: waits for at most `ms` milliseconds until something is given. */
	linger(ms: number): void {
		this.#at(this.#front).wait(ms);
	}

	/** Greenlet thread: declares that it goes back to its event loop; false when something came meanwhile. */
	doze(): boolean {
		Atomics.store(this.#words, ASLEEP, 1);
		// The hub fills a slot before it looks at ASLEEP, we store ASLEEP before we look at the slot: one of us sees the other.
		return !(this.#at(this.#front).is(FULL) && Atomics.compareExchange(this.#words, ASLEEP, 1, 0) === 1);
	}

	/** Greenlet thread: the greenlet it has taken goes on in its event loop; others must not wait behind it. */
	goAsync(): void {
		Atomics.store(this.#words, ASYNC, this.#at(this.#front).greenlet);
	}

	/**
	 * Hub: the greenlet that has gone on in the thread's event loop last. It is named, because it may have ended before the
	 * hub looks, and then the one behind it must not be taken for it.
	 */
	get async(): number {
		return Atomics.load(this.#words, ASYNC);
	}

	/** Hub: the slot to fill next. */
	get vacant(): Slot {
		return this.#at(this.#back);
	}

	/** Hub: hands over the filled slot; true when the thread must be rung out of its event loop. */
	give(): boolean {
		const slot = this.#at(this.#back++);
		slot.become(FULL);
		slot.wake();
		return Atomics.compareExchange(this.#words, ASLEEP, 1, 0) === 1;
	}

	/** Hub: takes the newest greenlet back; false when the thread has begun it. */
	takeBack(): boolean {
		if (this.#back === this.#front || !this.#at(this.#back - 1).move(FULL, EMPTY)) return false;
		this.#back--;
		return true;
	}

	/** Hub: the oldest greenlet's slot, when it has ended. */
	ended(): Slot | undefined {
		const slot = this.#at(this.#front);
		return slot.is(ENDED) ? slot : undefined;
	}

	/** Hub: the result of the oldest has been read. */
	release(): void {
		this.#at(this.#front++).become(EMPTY);
	}
}
