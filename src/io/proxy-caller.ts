import { ClosedError } from '../errors.js';
import type { HubRequest, Resource } from '../hub/service.js';
import type { CallbackOutcome, Ended } from './proxy-messages.js';

/** A call that a greenlet is in: parked in it, or running one of its own functions for it. */
export interface OpenCall {
	readonly id: number;
	/** Set while the greenlet is parked in it. */
	request: HubRequest | undefined;
	/** Makes the end of the call, once there is one; not before it can be told, because it puts objects into the greenlet's care. */
	ended: (() => Ended) | undefined;
	/** Invocations up to this number were asked for before the call ended, and are run before it returns. */
	last: number;
}

interface Invocation {
	readonly number: number;
	readonly fn: number;
	readonly args: readonly unknown[];
	/** The call it is run for, once it is. */
	call?: number;
	resolve(value: unknown): void;
	reject(error: unknown): void;
}

/** What a function of a greenlet gives to the library that calls it. Notices whether anybody looks at it. */
class Answer<T> extends Promise<T> {
	observed = false;

	static override get [Symbol.species](): PromiseConstructor {
		return Promise;
	}

	// biome-ignore lint/suspicious/noThenProperty: this is a promise; `await` and `Promise.resolve` call it because it is no plain one
	override then<A = T, B = never>(
		done?: ((value: T) => A | PromiseLike<A>) | null,
		failed?: ((reason: unknown) => B | PromiseLike<B>) | null,
	): Promise<A | B> {
		this.observed = true;
		return super.then(done, failed);
	}
}

/**
 * The calls of one greenlet and the functions it has given away. Lives on the hub, held by its greenlet: however that ends, this is
 * disposed of and whoever waits for one of the functions is told.
 *
 * A greenlet runs one thing at a time, so its calls form a stack: the innermost is the one it may be parked in. That one is answered
 * with the next function to be called, as long as there is one, and with its end after the functions that were asked for before.
 */
export class Caller implements Resource {
	readonly kind: string;
	/** Prepares what is sent to the greenlet. */
	lend: (value: unknown) => unknown = (value) => value;
	readonly #passing: boolean;
	readonly #forget: () => void;
	readonly #calls = new Map<number, OpenCall>();
	readonly #queue: Invocation[] = [];
	readonly #running = new Map<number, Invocation>();
	readonly #functions = new Map<number, WeakRef<object>>();
	readonly #collected = new FinalizationRegistry<number>((fn) => this.#drop(fn));
	#dropped: number[] = [];
	#next = 1;
	#over = false;

	/**
	 * @param passing it is no greenlet whose end the hub would tell of, but a thread that boots: it ends with each of its calls
	 * @param forget called when it has ended
	 */
	constructor(kind: string, passing: boolean, forget: () => void) {
		this.kind = kind;
		this.#passing = passing;
		this.#forget = forget;
	}

	/** The greenlet has asked and is parked. */
	begin(id: number, request: HubRequest): OpenCall {
		const call: OpenCall = { id, request: undefined, ended: undefined, last: 0 };
		this.#calls.set(id, call);
		this.#park(call, request);
		return call;
	}

	/** Lets the greenlet do what can be done in the call it is parked in: what was asked of it while it was elsewhere comes first. */
	advance(): void {
		const call = [...this.#calls.values()].at(-1);
		if (!call?.request) return;
		const [next] = this.#queue;
		if (next && !(call.ended && next.number > call.last)) this.#run(call, call.request, next);
		else if (call.ended) this.#finish(call, call.request, call.ended);
	}

	/** Whether the greenlet has not left the call; it may be running one of its functions for it. */
	waits(call: OpenCall): boolean {
		return this.#calls.get(call.id) === call;
	}

	/** The call has come to its end, which is dropped when the greenlet has left it. */
	end(call: OpenCall, ended: () => Ended): void {
		call.ended = ended;
		call.last = this.#next - 1;
		this.advance();
	}

	/** One of the greenlet's functions has been called; it is parked again. */
	resume(id: number, request: HubRequest, invocation: number, outcome: CallbackOutcome): void {
		this.#settle(invocation, outcome);
		const call = this.#calls.get(id);
		if (!call) throw new ClosedError('Cannot return to a call of a proxy: it was left');
		this.#park(call, request);
		this.advance();
	}

	/** The greenlet will not come back to the call, nor finish a function that it ran for it. */
	leave(id: number): void {
		this.#calls.delete(id);
		for (const { call, number } of [...this.#running.values()]) {
			if (call === id) this.#settle(number, { threw: new ClosedError(`Cannot finish the function: ${this.kind} left it`) });
		}
		this.#pass();
	}

	/** What a library gets for function `fn` of the greenlet: the same each time, as long as somebody has it. */
	functionOf(fn: number): object {
		const known = this.#functions.get(fn)?.deref();
		if (known) return known;
		const made = (...args: unknown[]): Promise<unknown> => this.#invoke(fn, args);
		this.#functions.set(fn, new WeakRef(made));
		this.#collected.register(made, fn);
		return made;
	}

	dispose(): void {
		this.#over = true;
		this.#forget();
		this.#calls.clear();
		const gone = new ClosedError(`Cannot call a function of ${this.kind}: it has ended`);
		for (const invocation of [...this.#running.values(), ...this.#queue.splice(0)]) invocation.reject(gone);
		this.#running.clear();
	}

	#park(call: OpenCall, request: HubRequest): void {
		call.request = request;
		request.onCancel = () => {
			this.#calls.delete(call.id);
			this.#pass();
		};
	}

	#pass(): void {
		if (this.#passing && this.#calls.size === 0) this.dispose();
	}

	#invoke(fn: number, args: readonly unknown[]): Promise<unknown> {
		const answer = new Answer<unknown>((resolve, reject) => {
			if (this.#over) reject(new ClosedError(`Cannot call a function of ${this.kind}: it has ended`));
			else this.#queue.push({ number: this.#next++, fn, args, resolve, reject });
		});
		// A library that ignores what its callbacks return must not end the process for it.
		Promise.prototype.then.call(answer, undefined, (error: unknown) => {
			if (!answer.observed && !this.#over) console.error(`A function of ${this.kind} failed, and who called it does not look:`, error);
		});
		this.advance();
		return answer;
	}

	#run(call: OpenCall, request: HubRequest, next: Invocation): void {
		this.#queue.shift();
		this.#running.set(next.number, next);
		next.call = call.id;
		call.request = undefined;
		request.resolve({ run: next.fn, invocation: next.number, args: this.lend(next.args), ...this.#takeDropped() });
	}

	#finish(call: OpenCall, request: HubRequest, ended: () => Ended): void {
		this.#calls.delete(call.id);
		try {
			request.resolve({ ...ended(), ...this.#takeDropped() });
		} catch (error) {
			// Of a value that does not bear to be looked at; nobody else would tell the greenlet.
			request.reject(error);
		}
		// Only a greenlet that was called away from the outer call by a signal is parked there already.
		this.advance();
		this.#pass();
	}

	#settle(number: number, outcome: CallbackOutcome): void {
		const invocation = this.#running.get(number);
		this.#running.delete(number);
		if ('threw' in outcome) invocation?.reject(outcome.threw);
		else invocation?.resolve(outcome.value);
	}

	/** The greenlet may forget `fn`, unless it was sent once more since and has another function here. */
	#drop(fn: number): void {
		if (this.#functions.get(fn)?.deref()) return;
		if (this.#functions.delete(fn)) this.#dropped.push(fn);
	}

	/**
	 * Told with an answer, before the greenlet can send anything else: it will not mean one of these when it next sends a function,
	 * but may have sent one between the function's collection and now.
	 */
	#takeDropped(): { dropped?: number[] } {
		const dropped = this.#dropped.filter((fn) => !this.#functions.has(fn));
		this.#dropped = [];
		return dropped.length > 0 ? { dropped } : {};
	}
}
