import type { Kind, ProxyRequestType } from './proxy-messages.js';

/** What a proxy needs of whatever knows its object. */
export interface Proxied {
	readonly name: string;
	readonly path: readonly string[];
	readonly kind: Kind | undefined;
	known(): Kind | undefined;
	get(key: string): unknown;
	set(key: string, value: unknown): void;
	hasMethod(key: string): boolean;
	keys(): string[];
	request(type: ProxyRequestType, args?: readonly unknown[], key?: string): unknown;
	release(): void;
}

// Comlink's own symbol is known by its description: a greenlet's thread does without Comlink, which is half a megabyte.
const RELEASE_PROXY = 'Comlink.releaseProxy';

/**
 * The method of a proxy that releases its object at once, as Comlink's symbol of that name does, which is understood as well.
 * What was released throws `ERR_CLOSED` when it is used. Never switches; may be repeated; does nothing to a module.
 * @example
 * import { releaseProxy, wrapSync } from 'tsgevent/comlink';
 *
 * const { opendir } = wrapSync(import.meta, 'node:fs/promises');
 * const folder = opendir('.');
 * folder.close();
 * folder[releaseProxy]();
 */
export const releaseProxy: unique symbol = Symbol(RELEASE_PROXY);

const INSPECT = Symbol.for('nodejs.util.inspect.custom');

/** What an object's proxy is made over: no plain object, which the codec would take apart. */
class RemoteObject {}

/** A proxy that can be used as what it stands for: called, constructed, read, written, iterated. */
export function proxyOf(remote: Proxied): object {
	const target = (remote.kind?.callable ?? true) ? functionFor(remote) : new RemoteObject();
	// `console.log` looks at the target and calls this with the proxy, which must not be asked anything for it.
	Object.defineProperty(target, INSPECT, { value: () => `[Proxy of ${remote.name}]`, configurable: true });
	return new Proxy(target, new Traps(remote));
}

function functionFor(remote: Proxied): object {
	// No arrow: only a function that could be constructed lets its proxy be.
	const target = function target(): undefined {
		return undefined;
	};
	return Object.defineProperty(target, 'name', { value: remote.name, configurable: true });
}

class Traps implements ProxyHandler<object> {
	readonly #remote: Proxied;

	constructor(remote: Proxied) {
		this.#remote = remote;
	}

	get(target: object, key: string | symbol): unknown {
		if (typeof key === 'symbol') return this.#symbol(target, key);
		// A promise would be taken for one that settles; what it settles with has come already.
		if (key === 'then') return undefined;
		return this.#isLocal(key) ? Reflect.get(target, key) : this.#remote.get(key);
	}

	set(_target: object, key: string | symbol, value: unknown): boolean {
		if (typeof key === 'symbol') return false;
		this.#remote.set(key, value);
		return true;
	}

	has(target: object, key: string | symbol): boolean {
		if (typeof key === 'symbol' || typeof target === 'function') return Reflect.has(target, key);
		return this.#remote.hasMethod(key) || this.#remote.keys().includes(key);
	}

	ownKeys(target: object): (string | symbol)[] {
		return typeof target === 'function' ? Reflect.ownKeys(target) : this.#remote.keys();
	}

	getOwnPropertyDescriptor(target: object, key: string | symbol): PropertyDescriptor | undefined {
		if (typeof key === 'symbol' || typeof target === 'function') return Reflect.getOwnPropertyDescriptor(target, key);
		if (!this.#remote.keys().includes(key)) return undefined;
		return { get: () => this.#remote.get(key), enumerable: true, configurable: true };
	}

	apply(_target: object, _self: unknown, args: unknown[]): unknown {
		return this.#remote.request('APPLY', args);
	}

	construct(_target: object, args: unknown[]): object {
		return this.#remote.request('CONSTRUCT', args) as object;
	}

	deleteProperty(): boolean {
		return false;
	}

	defineProperty(): boolean {
		return false;
	}

	/** What every function or object has and needs nobody to be asked for: `call`, `bind`, `toString`. */
	#isLocal(key: string): boolean {
		const { kind, path } = this.#remote;
		if (kind ? kind.callable : path.length > 0) return key in Function.prototype && key !== 'constructor';
		return key in Object.prototype && key !== 'constructor' && !this.#remote.hasMethod(key);
	}

	#symbol(target: object, key: symbol): unknown {
		if (key === Symbol.dispose) return () => this.#dispose();
		if (key.description === RELEASE_PROXY) return () => this.#remote.release();
		if (key === Symbol.iterator && this.#remote.known()?.iterable) return () => iterate(this.#remote);
		// Named where nobody could be asked, and it may be a text or a number.
		if (key === Symbol.toPrimitive && !this.#remote.kind) return () => this.#remote.request('GET');
		return Reflect.get(target, key);
	}

	#dispose(): void {
		try {
			if (this.#remote.kind?.disposable) this.#remote.request('DISPOSE');
		} finally {
			this.#remote.release();
		}
	}
}

/** Asks for one item after the other; leaving the loop early ends the iteration on the hub. */
function* iterate(remote: Proxied): Generator<unknown, void, undefined> {
	const iteration = remote.request('ITERATE') as { next(): IteratorResult<unknown>; return(): void; [Symbol.dispose](): void };
	let asking = false;
	try {
		for (;;) {
			asking = true;
			const { done, value } = iteration.next();
			asking = false;
			if (done) return;
			yield value;
		}
	} finally {
		try {
			// Not when `next` threw: it has ended, or the greenlet is being killed and must not wait for what may never come.
			if (!asking) iteration.return();
		} finally {
			iteration[Symbol.dispose]();
		}
	}
}
