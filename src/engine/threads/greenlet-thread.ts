import { AsyncResource } from 'node:async_hooks';
import { InternalError } from '../../errors.js';
import { DONE, FAILED, LEAVE, READY, RETIRE } from '../core-operations.js';
import { load, unpackArguments } from './codec.js';
import type { Lane, Slot } from './lane.js';
import { runnerOf } from './runners.js';
import type { ThreadEngine } from './thread-engine.js';

let onStray: ((error: unknown) => void) | undefined;

/** What to do in this thread with an error that nobody can catch, instead of replacing the thread. */
export function setStrayHandler(handler: (error: unknown) => void): void {
	onStray = handler;
}

/**
 * How long a thread that has just ended a greenlet waits for the next one on its lane, in milliseconds, before it goes
 * back to its event loop. Being woken there costs both sides several times as much; the price is that timers and sockets of
 * libraries in this thread may be late by so much.
 */
const LINGER_MS = 5;

/**
 * The life of a pool thread: one greenlet after another, each in an async scope of its own, and in between the
 * thread's own event loop, in which timers and promises of libraries go on.
 */
export class GreenletThread {
	readonly #engine: ThreadEngine;
	readonly #lane: Lane;
	/** Where the greenlet that runs now has come from. */
	#slot: Slot | undefined;
	/** A greenlet has just ended here, so the next one is probably near. */
	#warm = false;
	#scheduled = false;
	#leave: () => void = () => undefined;
	#running = false;

	constructor(engine: ThreadEngine, lane: Lane) {
		this.#engine = engine;
		this.#lane = lane;
		// A bell may be met in the middle of a greenlet's call and heard later, still in that greenlet's async context, which
		// the next greenlet must not inherit.
		engine.onBell = AsyncResource.bind(() => {
			if (!this.#scheduled) this.#turn();
		});
		engine.port.ref(); // piscina's own port keeps the thread alive as well; this one says why
	}

	/** Runs greenlets until the hub sends the thread away. */
	serve(): Promise<void> {
		// A listener of the app's own has the last word, as in any Node process.
		process.on('uncaughtException', (error) => {
			if (process.listenerCount('uncaughtException') === 1) this.#stray('Uncaught error', error);
		});
		process.on('unhandledRejection', (reason) => {
			if (process.listenerCount('unhandledRejection') > 1) return;
			if (process.listenerCount('uncaughtException') === 1) this.#stray('Unhandled rejection', reason);
			else (process as NodeJS.EventEmitter).emit('uncaughtException', reason, 'unhandledRejection');
		});
		return new Promise((resolve) => {
			this.#leave = resolve;
			this.#engine.post(READY);
			this.#turn();
		});
	}

	/** Belongs to nobody who could catch it: it is shown, the greenlet that runs now goes on, and the thread ends after it. */
	#stray(what: string, error: unknown): void {
		if (onStray) {
			onStray(error);
			return;
		}
		console.error(`${what} in a greenlet thread, which will be replaced:`, error);
		this.#engine.post(RETIRE);
	}

	/** One turn between greenlets. Called from bells and immediates, never from inside a greenlet's async scope. */
	#turn(): void {
		if (this.#running) return;
		const slot = this.#lane.take();
		if (slot) {
			this.#begin(slot);
			return;
		}
		if (this.#warm) {
			this.#warm = false;
			this.#lane.linger(LINGER_MS);
			this.#turn();
		} else if (!this.#lane.doze()) this.#turnAgain();
	}

	#turnAgain(): void {
		if (this.#scheduled) return;
		this.#scheduled = true;
		setImmediate(this.#scheduledTurn);
	}

	readonly #scheduledTurn = (): void => {
		this.#scheduled = false;
		this.#turn();
	};

	#begin(slot: Slot): void {
		const kind = slot.operation;
		const packet = load(slot, this.#engine.takePacket);
		if (kind === LEAVE.id) {
			this.#leave();
			return;
		}
		this.#running = true;
		this.#slot = slot;
		this.#engine.enter(slot.greenlet);
		const runner = runnerOf(kind);
		// requireManualDestroy: no before/after hooks need a garbage-collected handle for each greenlet
		const scope = new AsyncResource('GREENLET', { requireManualDestroy: true });
		const run = (): unknown => {
			if (!runner) throw new InternalError(`This thread has no runner for greenlets of kind ${kind}`);
			return scope.runInAsyncScope(runner, undefined, ...unpackArguments(packet));
		};
		try {
			const result = packet.modules ? importAll(packet.modules).then(run) : run();
			if (result instanceof Promise) {
				result.then(this.#done, this.#failed);
				// A turn later: most promises of greenlets that wait for nothing are settled by then.
				setImmediate(this.#stillRuns, slot.greenlet);
			} else this.#end(DONE, result);
		} catch (error) {
			this.#end(FAILED, error);
		}
	}

	/** The greenlet goes on in this thread's event loop: the hub may not leave others behind it. */
	readonly #stillRuns = (greenlet: number): void => {
		if (this.#slot?.greenlet !== greenlet) return;
		this.#lane.goAsync();
		this.#engine.alert();
	};

	readonly #done = (result: unknown) => this.#end(DONE, result);
	readonly #failed = (error: unknown) => this.#end(FAILED, error);

	#end(how: typeof DONE, result: unknown): void {
		this.#engine.finish(this.#lane, this.#slot as Slot, how, result);
		this.#slot = undefined;
		this.#running = false;
		// Not straight on to the next: ticks and microtasks that this greenlet left behind run first.
		this.#warm = true;
		this.#turnAgain();
	}
}

/** Lets this thread know the classes of what it is about to receive. */
async function importAll(modules: readonly string[]): Promise<void> {
	for (const url of modules) await import(url);
}
