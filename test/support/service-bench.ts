import type { Clock, ClockTimer } from '../../src/clock.js';
import type { Operation } from '../../src/engine/operation.js';
import { type Handler, type HubRequest, LATER, type Owner, type Resource, type Service, type ServiceHost } from '../../src/hub/service.js';

interface Settle<R> {
	resolve(value: R): void;
	reject(error: unknown): void;
}

/** A question put to a service on the bench, and what became of it. */
export class Question<R> implements HubRequest {
	readonly owner: Owner;
	readonly answer: Promise<R>;
	onCancel: (() => void) | undefined = undefined;
	pending = true;
	/** Makes `resolve` say that nobody took the value, as when the greenlet was lost a moment ago. */
	deaf = false;
	readonly #settle: Settle<R>;

	constructor(owner: Owner) {
		this.owner = owner;
		let settle: Settle<R> | undefined;
		this.answer = new Promise<R>((resolve, reject) => {
			settle = { resolve, reject };
		});
		this.#settle = settle as unknown as Settle<R>;
	}

	resolve(value: unknown): boolean {
		if (!this.pending) return false;
		this.pending = false;
		if (this.deaf) return false;
		this.#settle.resolve(value as R);
		return true;
	}

	reject(error: unknown): boolean {
		if (!this.pending) return false;
		this.pending = false;
		this.#settle.reject(error);
		return true;
	}

	/** Answers instead of the service, as a kill or a timeout does. */
	kill(): void {
		if (!this.pending) return;
		this.pending = false;
		this.#settle.reject(new Error('killed'));
		this.onCancel?.();
	}
}

/** A clock that stands still until it is told. */
class StandingClock implements Clock {
	readonly #alarms = new Map<object, { at: number; ring: () => void }>();
	#now = 0;

	get alarms(): number {
		return this.#alarms.size;
	}

	now(): number {
		return this.#now;
	}

	schedule(delayMs: number, ring: () => void): ClockTimer {
		const timer = { cancel: () => this.#alarms.delete(timer) };
		this.#alarms.set(timer, { at: this.#now + delayMs, ring });
		return timer as unknown as ClockTimer;
	}

	advance(ms: number): void {
		this.#now += ms;
		for (const [timer, { at, ring }] of [...this.#alarms]) {
			if (at > this.#now || !this.#alarms.delete(timer)) continue;
			ring();
		}
	}
}

/** One service and no hub around it: asks it what greenlets would ask, in this very thread. */
export class ServiceBench implements ServiceHost {
	readonly atShutdown = new Set<() => Promise<boolean>>();
	readonly clock = new StandingClock();
	readonly #handlers = new Map<number, Handler<never, unknown>>();
	readonly #resources = new Map<number, Resource>();
	#next = 1;

	constructor(service: Service) {
		service(this);
	}

	/** Asks as greenlet `id`. */
	ask<A extends readonly unknown[], R>(id: number, operation: Operation<A, R>, ...args: A): Question<R> {
		const question = new Question<R>({ id, label: `${id} (test)` });
		const handler = this.#handlers.get(operation.id) as unknown as Handler<A, R>;
		try {
			const value = handler(question, ...args);
			if (value instanceof Promise) value.then(question.resolve.bind(question), question.reject.bind(question));
			else if (value !== LATER) question.resolve(value);
		} catch (error) {
			question.reject(error);
		}
		return question;
	}

	/** Disposes of everything that is left. */
	close(): void {
		for (const handle of [...this.#resources.keys()]) this.release(handle);
	}

	handle<A extends readonly unknown[], R>(operation: Operation<A, R>, handler: Handler<A, R>): void {
		this.#handlers.set(operation.id, handler as unknown as Handler<never, unknown>);
	}

	own(_owner: Owner, resource: Resource): number {
		this.#resources.set(this.#next, resource);
		return this.#next++;
	}

	resource(handle: number): Resource | undefined {
		return this.#resources.get(handle);
	}

	release(handle: number): void {
		const resource = this.#resources.get(handle);
		this.#resources.delete(handle);
		resource?.dispose();
	}

	timer(delayMs: number, callback: () => void): ClockTimer {
		return this.clock.schedule(delayMs, callback);
	}
}
