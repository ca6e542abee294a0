import { block, canBlock } from '../engine/engine.js';
import { registerHandle } from '../engine/threads/codec.js';
import { ClosedError } from '../errors.js';
import { ask, forget, keep, release } from './proxy-calls.js';
import { encodeRef, type Kind, ObjectRef, type ProxyRequestType, receivers, SHAPE, type Target } from './proxy-messages.js';
import { type Proxied, proxyOf } from './proxy-traps.js';

const remotes = new WeakMap<object, Remote>();
/** By handle: an object that comes to this thread twice is one proxy, so that the first to be collected does not release the other. */
const interned = new Map<number, WeakRef<Remote>>();
const collected = new FinalizationRegistry<number>((handle) => {
	if (interned.get(handle)?.deref()) return; // it has come once more since
	interned.delete(handle);
	forget(handle);
});
/** The methods of classes, by the hub's numbers. */
const shapes = new Map<number, ReadonlySet<string>>([[0, new Set()]]);

/** What stands behind a proxy: where its object is, and what is known of it. Lives in the greenlet's thread; the object lives on the hub. */
export class Remote implements Proxied {
	readonly target: Target;
	readonly path: readonly string[];
	readonly proxy: object;
	#kind: Kind | undefined;
	/** The one whose target is released; it is kept by what was reached from it. */
	readonly #root: Remote;
	readonly #children = new Map<string, Remote>();
	#released = false;

	/** @param kind undefined for what was named where nobody could be asked */
	constructor(target: Target, path: readonly string[], kind: Kind | undefined, root?: Remote) {
		this.target = target;
		this.path = path;
		this.#kind = kind;
		this.#root = root ?? this;
		this.proxy = proxyOf(this);
		remotes.set(this.proxy, this);
	}

	/** The proxy for a reference that has come from the hub or from another greenlet. */
	static of({ target, path, kind }: ObjectRef): object {
		if (typeof target === 'string') return new Remote(target, path, kind).proxy;
		keep(target);
		const root = interned.get(target)?.deref() ?? Remote.#intern(target, path.length === 0 ? kind : undefined);
		return path.length === 0 ? root.proxy : new Remote(target, path, kind, root).proxy;
	}

	static #intern(handle: number, kind: Kind | undefined): Remote {
		const made = new Remote(handle, [], kind);
		interned.set(handle, new WeakRef(made));
		collected.register(made, handle, made);
		return made;
	}

	get kind(): Kind | undefined {
		return this.#kind;
	}

	/** For messages and `console.log`. */
	get name(): string {
		return this.#kind?.name || this.path.join('.') || (typeof this.target === 'string' ? this.target : 'a function');
	}

	/** What stands for it on the wire. */
	get ref(): ObjectRef {
		if (this.#root.#released) throw new ClosedError(`Cannot send the proxy of ${this.#root.name}: it was released`);
		return new ObjectRef(this.target, this.path, this.#kind);
	}

	/** What is known of the object, found out where that is possible. */
	known(): Kind | undefined {
		if (this.#kind === undefined && canBlock()) this.#kind = remoteOf(this.request('GET'))?.kind;
		return this.#kind;
	}

	/** The value of property `key`. A method needs no question; and while nobody can be asked, everything is left to be found out by its use. */
	get(key: string): unknown {
		const known = this.#children.get(key);
		if (known) return known.proxy;
		if (this.hasMethod(key)) return this.#keepChild(key, new Remote(this.target, [...this.path, key], methodKind(key), this.#root)).proxy;
		if (typeof this.target === 'string' && !canBlock()) return new Remote(this.target, [...this.path, key], undefined, this.#root).proxy;
		const value = this.request('GET', [], key);
		const remote = remoteOf(value);
		// Only what stays where it is and is addressed by the path that was asked for; anything else may be another thing next time.
		if (remote && remote.target === this.target && remote.path.length > this.path.length) this.#keepChild(key, remote);
		return value;
	}

	#keepChild(key: string, child: Remote): Remote {
		this.#children.set(key, child);
		return child;
	}

	set(key: string, value: unknown): void {
		this.request('SET', [value], key);
		this.#children.delete(key);
	}

	hasMethod(key: string): boolean {
		return this.#kind !== undefined && (this.#kind.own?.includes(key) || methodsOf(this.#kind.shape).has(key));
	}

	/** The names of the object's own enumerable properties. */
	keys(): string[] {
		return this.request('KEYS') as string[];
	}

	/** Puts a request to the object, or to its property `key`, and parks until it has ended. */
	request(type: ProxyRequestType, args: readonly unknown[] = [], key?: string): unknown {
		if (this.#root.#released) throw new ClosedError(`Cannot use the proxy of ${this.#root.name}: it was released`);
		// A module that is sent to another one has to be there.
		for (const argument of args) remoteOf(argument)?.known();
		const { self, value } = ask(this.target, type, key === undefined ? this.path : [...this.path, key], args);
		return self ? this.#root.proxy : value;
	}

	/** Tells the hub that this greenlet is done with the object, and with all that was reached from it by name. */
	release(): void {
		const root = this.#root;
		if (typeof root.target === 'string' || root.#released) return;
		root.#released = true;
		interned.delete(root.target);
		collected.unregister(root);
		release(root.target);
	}
}

function remoteOf(value: unknown): Remote | undefined {
	return remotes.get(value as object);
}

function methodKind(name: string): Kind {
	return { callable: true, name, shape: 0 };
}

function methodsOf(shape: number): ReadonlySet<string> {
	const known = shapes.get(shape) ?? new Set(block(SHAPE, shape));
	shapes.set(shape, known);
	return known;
}

receivers.proxy = Remote.of;
registerHandle<object>({
	tag: 'proxied object',
	module: import.meta.url,
	is: (value): value is object => remotes.has(value as object),
	encode: (value) => encodeRef((remotes.get(value) as Remote).ref),
	decode: () => undefined as unknown as object, // the references of proxy-messages.ts have the same tag, and were registered before
});
