import { HEADER_BYTES, Letter, POSTS, STATE } from './letter.js';

/*
 * The memory through which greenlet threads ask the hub; how they get greenlets is lane.ts.
 *
 * A `Cell` belongs to one greenlet thread. Its owner writes a question, publishes it by storing PENDING, sets its
 * bit on the `Board` and waits on the state word. Only the hub reads the question, and only a hub that has moved
 * the word from PENDING to WRITING by compare-and-swap writes an answer: completion, kill, timeout and shutdown may
 * race, one of them wins, and because the word carries the question's number a late answer cannot match the next one.
 * All stores here are sequentially consistent, so whoever sees the new state also sees the payload written before it.
 *
 * The board is a bitmap and not a queue of ids: a thread may be terminated between any two instructions, and
 * publishing must therefore be one instruction. A queue needs two (take a place, fill it); a thread that dies in
 * between leaves a hole at which the hub would wait for ever.
 */

/** Bytes of one message that fit into a cell; larger ones travel over the thread's port. */
export const CAPACITY = 65_536;

/** `Letter.format` of a message that went ahead over the port. */
export const PORT_FORMAT = 10;

/** Int32 index into the header of a cell. */
const NOTICE = 10;

// The low three bits of the state word, 0 before the first question; the rest numbers the question.
const PENDING = 1;
const WRITING = 2;
const VALUE = 3;
const ERROR = 4;
const CALLBACK = 5;
const PHASE = 7;

/** How often a thread looks for its answer before it sleeps: some ten microseconds. */
const LOOKS = 2000;
const MOST_ABSTAINED = 1023;

/** What a thread is woken with: the answer, or news to act on before it asks to go on waiting. */
export type Outcome = 'value' | 'error' | 'callback';

const PHASES: Readonly<Record<Outcome, number>> = { value: VALUE, error: ERROR, callback: CALLBACK };

/** The shared memory of one greenlet thread: one question or one answer at a time. */
export class Cell extends Letter {
	readonly memory: SharedArrayBuffer;
	#vain = 0;
	#abstain = 0;

	constructor(memory: SharedArrayBuffer = new SharedArrayBuffer(HEADER_BYTES + CAPACITY)) {
		super(memory, 0, CAPACITY);
		this.memory = memory;
	}

	/** Port messages this thread has posted so far: the hub takes them before it reads the question. */
	get posts(): number {
		return Atomics.load(this.words, POSTS);
	}

	/** Greenlet thread: counts a message just posted on the port. */
	countPost(): void {
		Atomics.add(this.words, POSTS, 1);
	}

	/** Whether what was published is a notice: the thread goes on, and only its next use of the cell waits for the hub. */
	get notice(): boolean {
		return this.words[NOTICE] === 1;
	}

	/** Greenlet thread: publishes the question or notice whose fields are written, and returns its state word. */
	ask(notice: boolean): number {
		this.words[NOTICE] = notice ? 1 : 0;
		const word = (((Atomics.load(this.words, STATE) >> 3) + 1) << 3) | PENDING | 0;
		Atomics.store(this.words, STATE, word);
		return word;
	}

	/**
	 * Greenlet thread: returns when the question has its answer. Where `mayLook`, it first looks for a few microseconds,
	 * which saves both sides the trip through the kernel when the hub runs on another core; where it does not, looking
	 * only keeps the hub from this core. Which of the two is the case shows by trying: each vain look doubles the number
	 * of questions before the next try.
	 */
	await(question: number, mayLook: boolean): Outcome {
		const words = this.words;
		let word = Atomics.load(words, STATE);
		if (mayLook && this.#abstain-- <= 0) {
			for (let i = 0; i < LOOKS && word === question; i++) word = Atomics.load(words, STATE);
			this.#vain = word === question ? Math.min(2 * this.#vain + 1, MOST_ABSTAINED) : 0;
			this.#abstain = this.#vain;
		}
		for (;;) {
			const phase = word & PHASE;
			if (phase === VALUE) return 'value';
			if (phase === ERROR) return 'error';
			if (phase === CALLBACK) return 'callback';
			// Either not claimed yet or being written. If the hub moves on between the load and the wait, the
			// wait returns at once because the word differs; a wake-up for an older word only loads again.
			Atomics.wait(words, STATE, word);
			word = Atomics.load(words, STATE);
		}
	}

	/** Hub: the word of the question that is waiting now. */
	question(): number {
		return Atomics.load(this.words, STATE);
	}

	/** Hub: takes the right to answer; false when somebody else has it or the question is no longer there. */
	claim(question: number): boolean {
		return Atomics.compareExchange(this.words, STATE, question, (question & ~PHASE) | WRITING) === question;
	}

	/** Hub, after `claim`: publishes the answer whose fields are written, and wakes the thread. */
	answer(question: number, outcome: Outcome): void {
		Atomics.store(this.words, STATE, (question & ~PHASE) | PHASES[outcome]);
		Atomics.notify(this.words, STATE, 1);
	}

	/** Hub, last act, after `Board.stop`: whoever is parked is woken, and finds the hub stopped instead of an answer. */
	answerStopped(): void {
		this.answer(this.question(), 'error');
	}

	/** Whether a state word is that of a question or notice that nobody has claimed. */
	static pending(word: number): boolean {
		return (word & PHASE) === PENDING;
	}
}

/** Which threads have a question for the hub, whether the hub is asleep, and what the hub lets threads know. */
export class Board {
	readonly memory: SharedArrayBuffer;
	readonly #words: Int32Array;
	readonly #groups: number;

	static readonly #ASLEEP = 0;
	static readonly #LOOK = 1;
	static readonly #FATAL = 2;
	static readonly #IDS = 3;
	static readonly #HEADER = 16;

	constructor(threadsOrMemory: number | SharedArrayBuffer) {
		this.memory =
			typeof threadsOrMemory === 'number' ? new SharedArrayBuffer((Board.#HEADER + Math.ceil(threadsOrMemory / 32)) * 4) : threadsOrMemory;
		this.#words = new Int32Array(this.memory);
		this.#groups = this.#words.length - Board.#HEADER;
	}

	/** Greenlet thread: raises its flag; true when it must ring the hub. */
	raise(index: number): boolean {
		Atomics.or(this.#words, Board.#HEADER + (index >> 5), 1 << (index & 31));
		return Atomics.load(this.#words, Board.#ASLEEP) === 1 && Atomics.compareExchange(this.#words, Board.#ASLEEP, 1, 0) === 1;
	}

	/** Hub: takes down every raised flag and calls `visit` for each; returns how many there were. */
	sweep(visit: (index: number) => void): number {
		let seen = 0;
		for (let group = 0; group < this.#groups; group++) {
			const at = Board.#HEADER + group;
			if (Atomics.load(this.#words, at) === 0) continue;
			let bits = Atomics.exchange(this.#words, at, 0);
			while (bits !== 0) {
				const bit = 31 - Math.clz32(bits & -bits);
				bits &= bits - 1;
				seen++;
				visit((group << 5) | bit);
			}
		}
		return seen;
	}

	/** Hub: forgets a flag of a thread that has died. */
	lower(index: number): void {
		Atomics.and(this.#words, Board.#HEADER + (index >> 5), ~(1 << (index & 31)));
	}

	/**
	 * Hub: declares that it goes to sleep in its event loop; false when a flag was raised meanwhile. A thread
	 * that is terminated between winning the bell and ringing it leaves a deaf hub: the hub therefore sweeps
	 * and dozes again whenever a thread has died.
	 */
	doze(): boolean {
		Atomics.store(this.#words, Board.#ASLEEP, 1);
		for (let group = 0; group < this.#groups; group++) {
			if (Atomics.load(this.#words, Board.#HEADER + group) !== 0) return Atomics.compareExchange(this.#words, Board.#ASLEEP, 1, 0) !== 1;
		}
		return true;
	}

	/** Hub: it is awake and looks at the board by itself; nobody needs to ring. */
	wake(): void {
		Atomics.store(this.#words, Board.#ASLEEP, 0);
	}

	/** Whether threads may look for their answers before they sleep; the hub says no when the cores have other work. */
	get mayLook(): boolean {
		return Atomics.load(this.#words, Board.#LOOK) === 1;
	}
	set mayLook(may: boolean) {
		const word = may ? 1 : 0;
		if (Atomics.load(this.#words, Board.#LOOK) !== word) Atomics.store(this.#words, Board.#LOOK, word);
	}

	/** Any thread: a new greenlet id, unique in the process; ids start at 1. */
	takeId(): number {
		return Atomics.add(this.#words, Board.#IDS, 1) + 1;
	}

	/** Hub thread, last act: says that nobody will ever answer again. */
	stop(exitCode: number): void {
		Atomics.store(this.#words, Board.#FATAL, exitCode + 1);
	}

	/** The exit code of a hub that has ended, or undefined. */
	get stopped(): number | undefined {
		const word = Atomics.load(this.#words, Board.#FATAL);
		return word === 0 ? undefined : word - 1;
	}
}

/** Stops this thread for a moment: for a writer whose pipe is full and who has no greenlet to park. */
export function pause(ms: number): void {
	Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
