import type { Clock, ClockTimer } from '../clock.js';
import type { Operation } from '../engine/operation.js';

/** Returned by a handler that answers later, through `request.resolve` or `request.reject`. */
export const LATER: unique symbol = Symbol('later');

/** A greenlet as the services see it. */
export interface Owner {
	readonly id: number;
	/** For messages: `3 (fetchPage)`. */
	readonly label: string;
}

/**
 * One question of one greenlet. Exactly one of completion, kill, timeout and loss of the thread answers it;
 * the others are told by `false` (or, for the service, by `onCancel`) and must leave things as they were.
 * Lives on the hub thread only.
 */
export interface HubRequest {
	readonly owner: Owner;
	/** Set by a service whose work can be called off; called at most once, when somebody else has answered. */
	onCancel: (() => void) | undefined;
	/** Still unanswered. */
	readonly pending: boolean;
	/** Answers with a value; false when the request was answered already, and then the value was not taken. */
	resolve(value: unknown): boolean;
	/** Answers with an error; false when the request was answered already. */
	reject(error: unknown): boolean;
}

/** Something the hub owns on behalf of greenlets: a socket, a listener, a child, a response body. */
export interface Resource {
	/** What it is, for messages: `socket 127.0.0.1:80`. */
	readonly kind: string;
	/** Ends it at once; called when the last holder has gone, and harmless when repeated. */
	dispose(): void;
}

export type Handler<A extends readonly unknown[], R> = (request: HubRequest, ...args: A) => R | Promise<R> | typeof LATER;

/** What the hub offers a service: its operations, its resources and its time. */
export interface ServiceHost {
	readonly clock: Clock;
	/** Registers the one handler of an operation. */
	handle<A extends readonly unknown[], R>(operation: Operation<A, R>, handler: Handler<A, R>): void;
	/** Puts a resource under the hub's care, held by `owner`; returns its handle. */
	own(owner: Owner, resource: Resource): number;
	/** The resource of a handle, or undefined when it has been released. */
	resource(handle: number): Resource | undefined;
	/** Lets `owner` go of a handle, or, without an owner, everybody; the last one to let go disposes of it. */
	release(handle: number, owner?: Owner): void;
	/** Starts a hub timer: `delayMs` milliseconds on the hub's clock. */
	timer(delayMs: number, callback: () => void): ClockTimer;
	/** Called at the end of the process: ends what nobody may wait for; false when that is not possible, so that the process must kill itself. */
	readonly atShutdown: Set<() => Promise<boolean>>;
}

/** A service registers its handlers; services know the hub, never the other way round. */
export type Service = (host: ServiceHost) => void;
