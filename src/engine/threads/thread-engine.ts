import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import { BlockingHubError, HubStoppedError, InternalError, WrongThreadError } from '../../errors.js';
import { type DONE, FAILED, RETURN, SPAWN } from '../core-operations.js';
import type { Capabilities, Engine, SpawnOrder } from '../engine.js';
import { appendFrames, callerFrames, rehome } from '../error-codec.js';
import type { Operation } from '../operation.js';
import { load, type Packet, pack, packArguments, packError, packOrder, store, unpack } from './codec.js';
import type { Lane, Slot } from './lane.js';
import type { Board, Cell } from './wire.js';

/** A message a thread posts: something to tell (no `call`) or to ask without parking. */
export interface Posted {
	readonly operation: number;
	readonly packet: Packet;
	readonly call?: number;
}

/** The hub's answer to a question that was posted. */
export interface PostedAnswer {
	readonly call: number;
	readonly ok: boolean;
	readonly packet: Packet;
}

/** What the hub sends over the port: a bell (0), a packet that did not fit into the cell, an answer, or news for the owner of `onBell`. */
export type FromHub = 0 | Packet | PostedAnswer | { readonly [news: string]: unknown };

interface Pending {
	resolve(value: unknown): void;
	reject(error: unknown): void;
	readonly frames: string;
}

const NO_ARGUMENTS = packArguments([]);

/**
 * The greenlet side of the threads engine. One per thread; only that thread touches it, and the shared
 * memory below it is touched by this thread and the hub in turns (see wire.ts).
 */
export class ThreadEngine implements Engine {
	readonly name = 'threads';
	readonly capabilities: Capabilities = { sharedHeap: false, parallel: true };
	readonly cell: Cell;
	readonly board: Board;
	readonly port: MessagePort;
	/** Called for a bell and for messages the engine does not know. */
	onBell: (message: FromHub) => void = () => undefined;
	/** Called when the hub has ended; does not return. */
	onHubStopped: (error: HubStoppedError) => never = (error) => {
		throw error;
	};
	/** Only the main thread of script mode has something to do with it: it is the one whose loop may run empty. */
	keepAlive: () => void = () => undefined;
	/** Why parking is impossible right now although a greenlet runs, or undefined. */
	refusal: () => string | undefined = () => undefined;
	beforePark: (() => void) | undefined = undefined;
	readonly afterEnd = new Set<(greenlet: number) => void>();
	#greenlet = 0;
	#nextCall = 1;
	readonly #index: number;
	readonly #pending = new Map<number, Pending>();
	readonly #deferred: FromHub[] = [];
	readonly #early: Packet[] = [];

	constructor(index: number, cell: Cell, board: Board, port: MessagePort) {
		this.#index = index;
		this.cell = cell;
		this.board = board;
		this.port = port;
		port.on('message', (message: FromHub) => this.#receive(message));
		port.unref();
	}

	currentId(): number {
		return this.#greenlet;
	}

	/** The thread's loop says which greenlet runs now, 0 for none. */
	enter(greenlet: number): void {
		this.#greenlet = greenlet;
	}

	canPark(): boolean {
		return this.#greenlet !== 0 && this.refusal() === undefined;
	}

	call<A extends readonly unknown[], R>(operation: Operation<A, R>, ...args: A): R {
		return this.callPacket(operation, packArguments(args)) as R;
	}

	/** `call` with arguments that are packed already. */
	callPacket(operation: { readonly id: number; readonly name: string }, packet: Packet): unknown {
		this.#mayPark(operation.name);
		this.beforePark?.();
		this.#ask(operation.id, packet);
		let outcome = this.cell.await(this.#question, this.board.mayLook);
		while (outcome === 'callback') {
			this.#hearNews();
			this.#ask(RETURN.id, NO_ARGUMENTS);
			outcome = this.cell.await(this.#question, this.board.mayLook);
		}
		if (outcome === 'value') return unpack(load(this.cell, this.takePacket));
		return this.#fail(load(this.cell, this.takePacket));
	}

	/** Acts on what the hub has sent over the port, in the middle of a blocking call. What throws there is nobody's to catch here. */
	#hearNews(): void {
		for (let received = receiveMessageOnPort(this.port); received; received = receiveMessageOnPort(this.port)) {
			try {
				this.#receive(received.message as FromHub);
			} catch (error) {
				queueMicrotask(() => {
					throw error;
				});
			}
		}
	}

	/** The question in the cell, and whether it is a notice that nobody has waited for yet. */
	#question = 0;
	#told = false;

	#ask(operation: number, packet: Packet, notice = false): void {
		this.#heard();
		if (store(this.cell, packet, this.port, false)) this.cell.countPost();
		this.cell.operation = operation;
		this.#question = this.cell.ask(notice);
		this.alert();
		// A hub that stops says so before it answers what it finds asked: either it found this, or this finds it stopped.
		if (this.board.stopped !== undefined && this.cell.claim(this.#question)) this.#hubStopped(this.board.stopped);
	}

	#hubStopped(exitCode: number): never {
		return this.onHubStopped(new HubStoppedError(`its thread exited with code ${exitCode}`));
	}

	/** Ends the greenlet of `slot`, the one taken from `lane`: its result goes to the hub, and nobody waits for an answer. */
	finish(lane: Lane, slot: Slot, how: typeof DONE, result: unknown): void {
		// What it told last was told while it ran.
		this.#heard();
		const greenlet = this.#greenlet;
		this.#greenlet = 0;
		for (const listener of this.afterEnd) listener(greenlet);
		let ending: { readonly id: number } = how;
		try {
			this.#leave(slot, how === FAILED ? packError(result) : pack(result, 'result'));
		} catch (unsendable) {
			ending = FAILED;
			this.#leave(slot, packError(unsendable));
		}
		slot.operation = ending.id;
		// After its own packet: the hub takes in all the greenlet has posted, before it takes its end.
		slot.posts = this.cell.posts;
		lane.end();
		this.alert();
	}

	#leave(slot: Slot, packet: Packet): void {
		if (store(slot, packet, this.port, false)) this.cell.countPost();
	}

	/** Has the hub look at what this thread shares with it. */
	alert(): void {
		if (this.board.raise(this.#index)) this.port.postMessage(0);
	}

	post<A extends readonly unknown[]>(operation: Operation<A, void>, ...args: A): void {
		this.postPacket(operation, packArguments(args));
	}

	/** `post` with arguments that are packed already. */
	postPacket(operation: { readonly id: number }, packet: Packet): void {
		if (this.#greenlet !== 0) {
			// Through the cell, like a question; only whoever needs the hub next waits until it has been heard.
			this.#ask(operation.id, packet, true);
			this.#told = true;
		} else this.#postMessage({ operation: operation.id, packet });
	}

	/** Waits until the last notice has been heard: the cell is free again, and what comes next comes after it. */
	#heard(): void {
		if (!this.#told) return;
		this.#told = false;
		if (this.cell.await(this.#question, this.board.mayLook) === 'error') this.#fail(load(this.cell, this.takePacket));
	}

	#postMessage(message: Posted): void {
		this.#heard();
		this.port.postMessage(message);
		this.cell.countPost();
	}

	spawn({ url, task, name, delayMs, unref, limitMs, graceMs }: SpawnOrder, args: readonly unknown[]): number {
		const inner = packArguments([url, task, name, ...args], 'argument', 3);
		const id = this.board.takeId();
		this.postPacket(SPAWN, packOrder([id, name, delayMs, unref, limitMs, graceMs], inner));
		if (!unref) this.keepAlive();
		return id;
	}

	callAsync<A extends readonly unknown[], R>(operation: Operation<A, R>, ...args: A): Promise<R> {
		const packet = packArguments(args);
		const frames = callerFrames(this.callAsync);
		const call = this.#nextCall++;
		return new Promise<R>((resolve, reject) => {
			if (this.#pending.size === 0) this.port.ref();
			this.#pending.set(call, { resolve: resolve as (value: unknown) => void, reject, frames });
			this.#postMessage({ operation: operation.id, packet, call });
		});
	}

	#mayPark(caller: string): void {
		if (this.#greenlet === 0) throw new WrongThreadError(caller, 'the greenlet that started this callback has ended');
		const why = this.refusal();
		if (why) throw new BlockingHubError(caller, why);
	}

	/** The packet the hub sent ahead; other messages met on the way are kept for this thread's loop. */
	readonly takePacket = (): Packet => {
		const early = this.#early.shift();
		if (early) return early;
		for (;;) {
			const received = receiveMessageOnPort(this.port);
			if (!received) throw new InternalError('An answer announced over the port is not there');
			const message = received.message as FromHub;
			if (message !== 0 && 'format' in message) return message as Packet;
			// Something for the thread's loop: it must not be lost, nor run in the middle of this call.
			if (this.#deferred.push(message) === 1) setImmediate(() => this.#drain());
		}
	};

	#drain(): void {
		for (const message of this.#deferred.splice(0)) this.#receive(message);
	}

	#fail(packet: Packet): never {
		// Looked up and not sent: the hub's last answer may have replaced one that was under way.
		if (this.board.stopped !== undefined) return this.#hubStopped(this.board.stopped);
		const error = unpack(packet);
		const frames = callerFrames(this.callPacket);
		throw packet.thrown ? appendFrames(error, frames) : rehome(error, frames);
	}

	#receive(message: FromHub): void {
		if (message !== 0 && 'call' in message) this.#settle(message as PostedAnswer);
		else {
			// A packet that went ahead while this thread slept in its loop arrives as an event, before it is asked for.
			if (message !== 0 && 'format' in message) this.#early.push(message as Packet);
			this.onBell(message);
		}
	}

	#settle({ call, ok, packet }: PostedAnswer): void {
		const pending = this.#pending.get(call);
		if (!pending) throw new InternalError(`An answer came to question ${call}, which nobody asked`);
		this.#pending.delete(call);
		if (this.#pending.size === 0) this.port.unref();
		try {
			const value = unpack(packet);
			if (ok) pending.resolve(value);
			else pending.reject(packet.thrown ? appendFrames(value, pending.frames) : rehome(value, pending.frames));
		} catch (error) {
			pending.reject(error);
		}
	}
}
