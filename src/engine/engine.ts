import { BlockingHubError, WrongThreadError } from '../errors.js';
import type { Operation } from './operation.js';

/** What an engine declares about itself; nothing else may be asked of it. */
export interface Capabilities {
	/** Greenlets see one heap: closures and shared objects may be spawned. */
	readonly sharedHeap: boolean;
	/** Greenlets run JavaScript on several cores at once. */
	readonly parallel: boolean;
}

/** What the hub is to know of a new greenlet. */
export interface SpawnOrder {
	/** Where its function is found: the URL of its module and the name it is registered under. */
	readonly url: string;
	readonly task: string;
	readonly name: string;
	readonly delayMs: number;
	readonly unref: boolean;
	/** Milliseconds it may run before a `Timeout` is thrown into it, -1 for no limit, and what it then has to end by itself. */
	readonly limitMs: number;
	readonly graceMs: number;
}

/**
 * The seam: how a greenlet gets a stack of its own and how it asks the hub. Everything that blocks goes
 * through `call`; the blocking I/O, the patches and the server are written once against this.
 */
export interface Engine {
	readonly name: 'threads' | 'fibers';
	readonly capabilities: Capabilities;
	/** True where a greenlet is running whose stack may be parked here and now. */
	canPark(): boolean;
	/** Parks the current greenlet until the hub answers; returns its value or throws its error with the caller's stack. */
	call<A extends readonly unknown[], R>(operation: Operation<A, R>, ...args: A): R;
	/** Tells the hub something without parking; in order with this greenlet's calls. Bad values throw here. */
	post<A extends readonly unknown[]>(operation: Operation<A, void>, ...args: A): void;
	/** Asks the hub without parking, for code that lives on its own thread's event loop. */
	callAsync<A extends readonly unknown[], R>(operation: Operation<A, R>, ...args: A): Promise<R>;
	/** Parks until a promise of this thread's own loop has settled; only for engines whose loop goes on meanwhile. */
	awaitPromise?(promise: PromiseLike<unknown>): unknown;
	/** Starts a greenlet that runs a registered task; `args` that cannot be sent throw here. */
	spawn(order: SpawnOrder, args: readonly unknown[]): number;
	/** Notes that a greenlet has begun to keep the process alive: one just spawned, or one that `ref` was called on. */
	keepAlive(): void;
	/** The id of the running greenlet, 0 when none runs on this thread. */
	currentId(): number;
	/** Called on this thread right before its greenlet parks, to `post` what was collected for the hub; must neither park nor throw. */
	beforePark: (() => void) | undefined;
	/** Called on this thread right after a greenlet has ended here, with its id; must neither park nor throw. */
	readonly afterEnd: Set<(greenlet: number) => void>;
}

interface Slot {
	engine?: Engine;
	/** Starts the engine on first need; set where a thread may become a greenlet lazily (script mode's main thread). */
	start?: () => Engine;
	/** Whether the engine would be able to park were it to start now. */
	startable?: () => boolean;
	/** Why this thread has no greenlets. */
	refuse?: 'hub' | 'foreign';
}

// One runtime per thread even when the package is installed twice: the slot hangs on a registered symbol.
const SLOT = Symbol.for('tsgevent.engine');
const slot: Slot = ((globalThis as Record<symbol, unknown>)[SLOT] as Slot | undefined) ?? {};
(globalThis as Record<symbol, unknown>)[SLOT] = slot;

/** Installs the engine of this thread. */
export function setEngine(engine: Engine): void {
	slot.engine = engine;
	delete slot.refuse;
}

/** Says how this thread's engine comes to be on first need. */
export function setEngineStarter(start: () => Engine, startable: () => boolean): void {
	slot.start = start;
	slot.startable = startable;
}

/** True where this thread's part has been decided: it has an engine, will have one, or must not. */
export function partDecided(): boolean {
	return slot.engine !== undefined || slot.start !== undefined || slot.refuse !== undefined;
}

/** Marks this thread as one that must never park: the hub itself, or a thread of the app's own. */
export function refuseEngine(why: 'hub' | 'foreign'): void {
	slot.refuse = why;
}

/** The engine, when this thread has one that is already running. */
export function runningEngine(): Engine | undefined {
	return slot.engine;
}

/**
 * True where a blocking call would park a greenlet rather than throw: patched functions ask this before they
 * choose between the blocking form and Node's own.
 */
export function canBlock(): boolean {
	if (slot.refuse) return false;
	return slot.engine ? slot.engine.canPark() : slot.startable?.() === true;
}

/**
 * The engine of this thread.
 * @param caller name of the blocking call, for the message
 * @throws BlockingHubError `ERR_BLOCKING_HUB` on the hub thread
 * @throws WrongThreadError `ERR_WRONG_THREAD` in a `Worker` of the app's own
 */
export function engineFor(caller: string): Engine {
	if (slot.engine) return slot.engine;
	if (slot.refuse === 'hub') throw new BlockingHubError(caller, 'this is the hub thread', 'Make the call in a greenlet');
	if (slot.refuse === 'foreign' || !slot.start) throw new WrongThreadError(caller);
	slot.engine = slot.start();
	return slot.engine;
}

/** Parks the current greenlet for `operation`: what every blocking function of this package is made of. */
export function block<A extends readonly unknown[], R>(operation: Operation<A, R>, ...args: A): R {
	return engineFor(operation.name).call(operation, ...args);
}
