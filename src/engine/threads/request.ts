import type { MessagePort } from 'node:worker_threads';
import { type Packet, pack, packError, store } from './codec.js';
import type { Thread } from './thread.js';
import type { Outcome } from './wire.js';

/** What became of an answer once it has been packed: where it goes differs, who wins does not. */
abstract class Request<O> {
	readonly owner: O;
	onCancel: (() => void) | undefined = undefined;
	pending = true;

	constructor(owner: O) {
		this.owner = owner;
	}

	resolve(value: unknown): boolean {
		if (!this.pending) return false;
		let packet: Packet;
		try {
			packet = pack(value, 'answer');
		} catch (error) {
			return this.forward('error', packError(error));
		}
		return this.forward('value', packet, true);
	}

	reject(error: unknown): boolean {
		return this.pending && this.forward('error', packError(error));
	}

	/** Answers instead of the service, which is told to call its work off; false when it was quicker. */
	interrupt(packet: Packet): boolean {
		if (!this.forward('error', packet)) return false;
		this.cancel();
		return true;
	}

	/** The asker is gone: nobody can be answered any more. */
	abandon(): void {
		if (!this.pending) return;
		this.pending = false;
		this.cancel();
	}

	protected cancel(): void {
		const called = this.onCancel;
		this.onCancel = undefined;
		called?.();
	}

	/** Answers with a packet as it is; `owned` says that nobody else keeps its buffer, which then changes hands. */
	abstract forward(outcome: Outcome, packet: Packet, owned?: boolean): boolean;
}

/** Lets an answered thread go on when a core is free for it. */
export interface Resumer {
	resume(thread: Thread, wake: () => void): void;
}

/** A question of a parked greenlet, answered through its cell. */
export class CellRequest<O> extends Request<O> {
	readonly #thread: Thread;
	readonly #resumer: Resumer;
	#question: number;
	/** Set while the greenlet is away from its question; what was answered meanwhile is kept for its return. */
	#away: { kept?: () => void } | undefined;
	/** The older question that this one only asked to return to. */
	#returnedTo: CellRequest<O> | undefined;

	constructor(owner: O, thread: Thread, question: number, resumer: Resumer) {
		super(owner);
		this.#thread = thread;
		this.#question = question;
		this.#resumer = resumer;
	}

	forward(outcome: Outcome, packet: Packet, owned = false): boolean {
		if (!this.pending) return false;
		if (this.#away) {
			this.pending = false;
			this.#away.kept = () => this.#write(outcome, packet, owned);
			return true;
		}
		this.pending = false;
		if (!this.#thread.cell.claim(this.#question)) return false;
		this.#write(outcome, packet, owned);
		return true;
	}

	/** With the question claimed: writes the answer now and tells it when a core is free; nobody else can answer in between. */
	#write(outcome: Outcome, packet: Packet, owned: boolean): void {
		const { cell, port } = this.#thread;
		store(cell, packet, port, owned);
		this.#resumer.resume(this.#thread, () => cell.answer(this.#question, outcome));
	}

	/** Sends the parked greenlet off to act on what its thread has been told; the question stays open. */
	sendAway(): boolean {
		if (!this.pending || this.#away || !this.#thread.cell.claim(this.#question)) return false;
		this.#away = {};
		const question = this.#question;
		this.#resumer.resume(this.#thread, () => this.#thread.cell.answer(question, 'callback'));
		return true;
	}

	/** The greenlet is back and waits for this answer again, under the question of `request`. */
	comeBack(request: CellRequest<O>): void {
		const kept = this.#away?.kept;
		this.#away = undefined;
		this.#question = request.#question;
		request.pending = false;
		request.#returnedTo = this;
		if (kept && this.#thread.cell.claim(this.#question)) kept();
	}

	/** Whether the greenlet is parked now that this question has been looked at. */
	get waiting(): boolean {
		return this.pending || this.#returnedTo?.pending === true;
	}
}

/** A question that came over the port from code that has not parked; answered the same way. */
export class PortRequest<O> extends Request<O> {
	readonly #port: MessagePort;
	readonly #call: number;

	constructor(owner: O, port: MessagePort, call: number) {
		super(owner);
		this.#port = port;
		this.#call = call;
	}

	forward(outcome: Outcome, packet: Packet): boolean {
		if (!this.pending) return false;
		this.pending = false;
		this.#port.postMessage({ call: this.#call, ok: outcome === 'value', packet });
		return true;
	}
}

/** Something told, not asked: the handler's value goes nowhere, its error is the hub's to report. */
export class Notice<O> extends Request<O> {
	readonly #report: (error: unknown) => void;

	constructor(owner: O, report: (error: unknown) => void) {
		super(owner);
		this.#report = report;
	}

	override reject(error: unknown): boolean {
		if (!this.pending) return false;
		this.pending = false;
		this.#report(error);
		return true;
	}

	forward(): boolean {
		if (!this.pending) return false;
		this.pending = false;
		return true;
	}
}
