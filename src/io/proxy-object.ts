import type { Endpoint, expose } from 'comlink';
import type { Resource } from '../hub/service.js';
import type { ProxyRequest, ProxyRequestType } from './proxy-messages.js';

/** How a request ended on the hub. */
export type Outcome = { readonly value: unknown } | { readonly threw: unknown };

/** A request on its way through Comlink, and what came of it. */
export class Order {
	readonly path: readonly string[];
	readonly args: readonly unknown[];
	outcome: Outcome = { value: undefined };

	constructor({ path, argumentList, value }: ProxyRequest) {
		this.path = path;
		this.args = value ? [value.value] : (argumentList ?? []).map((wire) => wire.value);
	}
}

type Listener = (event: { readonly data: unknown }) => void;

/**
 * One object exposed by Comlink, at an endpoint of its own whose other side is this class. Lives on the hub; greenlets hold it by handle.
 *
 * What Comlink exposes is not the object but an `Adapter` whose methods are named after Comlink's message types, and what they
 * return to Comlink is always the `Order` itself. Left to Comlink, an error would come down to its name, message and stack; a
 * constructed object would be marked by a property of its own and get a `MessageChannel`; and the transfer handlers of the
 * process, which are the app's, would get at every result. No handler of an app knows an `Order`, and if one claimed it the
 * outcome would still be taken from the order that was sent, found again by the id of Comlink's answer, never from the answer.
 */
export class Exposed implements Resource {
	readonly kind: string;
	readonly object: object;
	readonly #pending = new Map<number, () => void>();
	#listener: Listener | undefined;
	#nextId = 1;

	constructor(exposeObject: typeof expose, object: object, kind: string) {
		this.kind = kind;
		this.object = object;
		const endpoint = {
			addEventListener: (_type: string, listener: Listener) => {
				this.#listener = listener;
			},
			removeEventListener: () => undefined,
			// Comlink calls it once more when it throws: it must not.
			postMessage: ({ id }: { id: number }) => {
				const answered = this.#pending.get(id);
				this.#pending.delete(id);
				answered?.();
			},
		};
		exposeObject(new Adapter(object), endpoint as unknown as Endpoint);
	}

	/** Has Comlink carry out `order`, whose outcome is there when `answered` is called. */
	ask(type: ProxyRequestType, order: Order, answered: () => void): void {
		const id = this.#nextId++;
		this.#pending.set(id, answered);
		this.#tell({ id, type: 'APPLY', path: [type], argumentList: [{ type: 'RAW', value: order }] });
	}

	/** What stands at `path`. */
	at(path: readonly string[]): unknown {
		return walk(this.object, path);
	}

	dispose(): void {
		this.#tell({ id: 0, type: 'RELEASE' });
		this.#listener = undefined;
		if (this.object instanceof Iteration) this.object.abandon();
	}

	#tell(data: unknown): void {
		this.#listener?.({ data });
	}
}

/** What Comlink calls: a method for each type of request. Like Comlink, it waits for whatever is thenable. */
class Adapter implements Record<ProxyRequestType, (order: Order) => Promise<Order>> {
	readonly #object: object;

	constructor(object: object) {
		this.#object = object;
	}

	GET(order: Order): Promise<Order> {
		return settle(order, () => walk(this.#object, order.path));
	}

	SET(order: Order): Promise<Order> {
		return settle(order, () => {
			(this.#parent(order) as Record<string, unknown>)[order.path.at(-1) as string] = order.args[0];
		});
	}

	APPLY(order: Order): Promise<Order> {
		return settle(order, () => Reflect.apply(this.#function(order, 'call'), this.#parent(order), order.args));
	}

	CONSTRUCT(order: Order): Promise<Order> {
		return settle(order, () => Reflect.construct(this.#function(order, 'construct'), order.args));
	}

	ITERATE(order: Order): Promise<Order> {
		return settle(order, () => new Iteration(walk(this.#object, order.path) as AsyncIterable<unknown>));
	}

	KEYS(order: Order): Promise<Order> {
		return settle(order, () => Object.keys(walk(this.#object, order.path) as object));
	}

	DISPOSE(order: Order): Promise<Order> {
		return settle(order, () => {
			const object = walk(this.#object, order.path) as Partial<AsyncDisposable & Disposable>;
			return Symbol.asyncDispose in object ? object[Symbol.asyncDispose]?.() : object[Symbol.dispose]?.();
		});
	}

	#parent({ path }: Order): unknown {
		return path.length > 1 ? walk(this.#object, path.slice(0, -1)) : this.#object;
	}

	#function({ path }: Order, how: string): Parameters<typeof Reflect.construct>[0] {
		const found = path.length > 0 ? walk(this.#object, path) : callableOf(this.#object);
		if (typeof found === 'function') return found as Parameters<typeof Reflect.construct>[0];
		throw new TypeError(`Cannot ${how} ${path.join('.') || 'the module'}: it is ${found === null ? 'null' : `of type ${typeof found}`}`);
	}
}

async function settle(order: Order, act: () => unknown): Promise<Order> {
	try {
		order.outcome = { value: await act() };
	} catch (threw) {
		order.outcome = { threw };
	}
	return order;
}

function walk(object: object, path: readonly string[]): unknown {
	let at: unknown = object;
	for (const [index, key] of path.entries()) {
		// Not every export of a CommonJS module is found as a name of its namespace; all of them are on its default.
		const holder = index === 0 && isNamespace(object) && !(key in object) ? (defaultOf(object) ?? object) : at;
		at = (holder as Record<string, unknown>)[key];
	}
	return at;
}

function callableOf(object: object): unknown {
	return isNamespace(object) ? defaultOf(object) : object;
}

function defaultOf(namespace: object): unknown {
	return (namespace as { default?: unknown }).default;
}

function isNamespace(object: object): boolean {
	return Object.prototype.toString.call(object) === '[object Module]';
}

/** An iteration that a greenlet goes through step by step. */
class Iteration {
	readonly #iterator: AsyncIterator<unknown> | Iterator<unknown>;
	#over = false;

	constructor(object: Partial<AsyncIterable<unknown> & Iterable<unknown>>) {
		const iterator = object[Symbol.asyncIterator]?.() ?? object[Symbol.iterator]?.();
		if (!iterator) throw new TypeError('Cannot iterate: the object has no iterator');
		this.#iterator = iterator;
	}

	async next(): Promise<IteratorResult<unknown>> {
		try {
			const { done, value } = await this.#iterator.next();
			if (done) this.#over = true;
			return { done: done === true, value };
		} catch (error) {
			this.#over = true;
			throw error;
		}
	}

	async return(): Promise<void> {
		if (this.#over) return;
		this.#over = true;
		await this.#iterator.return?.();
	}

	/** Its greenlet has gone: ends the iteration, so that a stream is destroyed and a `finally` runs, with nobody to wait for it. */
	abandon(): void {
		this.return().catch((error: unknown) => console.error('An iteration that its greenlet has left cannot be ended:', error));
	}
}
