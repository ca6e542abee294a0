import type { expose } from 'comlink';
import { Lent, type StandIn } from '../engine/threads/codec.js';
import { ClosedError, NotSpawnableError } from '../errors.js';
import { LATER, type Owner, type Service, type ServiceHost } from '../hub/service.js';
import { Caller } from './proxy-caller.js';
import { isPlain, Kinds } from './proxy-kinds.js';
import { CALL, DROP, type Ended, LEAVE, ObjectRef, type ProxyRequest, RESUME, receivers, SHAPE, type Target } from './proxy-messages.js';
import { Exposed, Order } from './proxy-object.js';

/** Holds the modules and objects that greenlets use through proxies. Runs on the hub; loads Comlink when the first of them is asked. */
export const proxyService: Service = (host) => {
	const proxies = new Proxies(host);
	receivers.open = (ref) => proxies.open(ref);
	receivers.call = (ref) => proxies.callerOf(ref.caller).functionOf(ref.number);

	host.handle(CALL, (request, id, target, asked) => {
		const caller = proxies.callerFor(id, request.owner);
		const found = proxies.find(target);
		const call = caller.begin(asked.id, request);
		const ask = (exposed: Exposed): void => {
			const order = new Order(asked);
			exposed.ask(asked.type, order, () => caller.end(call, () => proxies.ended(request.owner, target, exposed, asked, order)));
		};
		if (found instanceof Exposed) ask(found);
		else {
			found.then(
				(exposed) => caller.waits(call) && ask(exposed),
				(threw: unknown) => caller.end(call, () => ({ threw })),
			);
		}
		caller.advance();
		return LATER;
	});

	host.handle(RESUME, (request, id, call, invocation, outcome) => {
		proxies.callerFor(id, request.owner).resume(call, request, invocation, outcome);
		return LATER;
	});

	host.handle(LEAVE, (request, id, call) => {
		// A greenlet that has ended has left everything.
		if (request.owner.id === id || id < 0) proxies.callerFor(id, request.owner).leave(call);
	});

	host.handle(DROP, (request, handles) => {
		for (const handle of handles) host.release(handle, request.owner);
	});

	host.handle(SHAPE, (_request, shape) => proxies.kinds.methods(shape));
};

/** The objects behind the proxies, and the callers before them. */
class Proxies {
	readonly kinds = new Kinds();
	readonly #host: ServiceHost;
	/** Modules are kept for good, as Node keeps them. */
	readonly #modules = new Map<string, Exposed | Promise<Exposed>>();
	readonly #callers = new Map<number, Caller>();
	/** Those whose owner is known; the hub disposes of them with their greenlets. */
	readonly #owned = new WeakSet<Caller>();
	#expose: typeof expose | undefined;

	constructor(host: ServiceHost) {
		this.#host = host;
	}

	/** What `target` names, or a promise of a module that is still being imported. */
	find(target: Target): Exposed | Promise<Exposed> {
		if (typeof target === 'number') return this.#held(target);
		const known = this.#modules.get(target);
		if (known !== undefined) return known;
		const loading = this.#load(target);
		this.#modules.set(target, loading);
		loading.then(
			(module) => this.#modules.set(target, module),
			() => this.#modules.delete(target), // whoever asked gets the error, and whoever asks next tries again
		);
		return loading;
	}

	#held(handle: number): Exposed {
		const found = this.#host.resource(handle);
		if (found instanceof Exposed) return found;
		throw new ClosedError(
			'Cannot use the proxy: its object was released, or the greenlet that held it has ended; what is to outlive a greenlet belongs into the module',
		);
	}

	async #load(url: string): Promise<Exposed> {
		// Not at the head of this file: a hub without proxies does without Comlink.
		const comlink = await import('comlink');
		this.#expose = comlink.expose;
		return new Exposed(comlink.expose, (await import(url)) as object, url);
	}

	/** The object that a proxy sent by a greenlet stands for. */
	open({ target, path }: ObjectRef): unknown {
		const found = typeof target === 'number' ? this.#held(target) : this.#modules.get(target);
		if (found instanceof Exposed) return found.at(path);
		throw new NotSpawnableError(`Cannot send a proxy of ${target}: the module has not been used yet, and is still to be imported`);
	}

	/** A caller by its number. */
	callerOf(id: number): Caller {
		const known = this.#callers.get(id);
		if (known) return known;
		const boots = id < 0;
		const caller = new Caller(boots ? 'a thread that boots' : `greenlet ${id}`, boots, () => this.#callers.delete(id));
		this.#callers.set(id, caller);
		return caller;
	}

	/** The same, sure to end with its greenlet. */
	callerFor(id: number, owner: Owner): Caller {
		const caller = this.callerOf(id);
		if (!this.#owned.has(caller)) {
			this.#owned.add(caller);
			caller.lend = (value) => this.#lend(owner, value);
			if (id > 0) this.#host.own(owner, caller);
		}
		return caller;
	}

	/** What the greenlet is told of the end of its request. */
	ended(owner: Owner, target: Target, { object }: Exposed, { type, path }: ProxyRequest, { outcome }: Order): Ended {
		if ('threw' in outcome) return { threw: outcome.threw instanceof Error ? outcome.threw : this.#lend(owner, outcome.threw) };
		const { value } = outcome;
		if (value === undefined) return {};
		if (value === object && path.length === 1) return { self: true };
		if (type === 'CONSTRUCT' || type === 'ITERATE') return { value: this.#refer(owner, value as object) };
		if (type !== 'GET') return { value: this.#lend(owner, value) };
		// A function that was read keeps its `this`; and what is read from a module is the same for whoever asks, and held by nobody.
		const byPath = (read: object) => read === value && (typeof read === 'function' || typeof target === 'string');
		return {
			value: this.#lend(owner, value, (read) => (byPath(read) ? new ObjectRef(target, path, this.kinds.of(read)) : undefined)),
		};
	}

	/** `value` for the wire, where what is not data becomes a proxy: `byPath` where it says so, else held by `owner`. */
	#lend(owner: Owner, value: unknown, byPath?: StandIn): Lent {
		const known = new Map<object, ObjectRef>();
		return new Lent(value, '', (part) => {
			if (this.kinds.isData(part)) return isPlain(part) ? undefined : { ...part };
			const ref = known.get(part) ?? byPath?.(part) ?? this.#refer(owner, part);
			known.set(part, ref as ObjectRef);
			return ref;
		});
	}

	#refer(owner: Owner, object: object): ObjectRef {
		const kind = this.kinds.of(object);
		const handle = this.#host.own(owner, new Exposed(this.#expose as typeof expose, object, `proxy of ${kind.name}`));
		return new ObjectRef(handle, [], kind);
	}
}
