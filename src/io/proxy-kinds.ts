import type { Kind } from './proxy-messages.js';

/** What the instances of a class have in common. */
interface ClassShape {
	/** The number its methods are asked for by; 0 when it has none. */
	readonly number: number;
	/** They are read from, not only called: the class has getters or setters. */
	readonly accessors: boolean;
}

const ITERATORS = [Symbol.asyncIterator, Symbol.iterator];
const DISPOSERS = [Symbol.asyncDispose, Symbol.dispose];

/** Knows which values are data, to be cloned, and what a proxy of the others has to know. Lives on the hub. */
export class Kinds {
	readonly #classes = new WeakMap<object, ClassShape>();
	/** By number; classes with the same methods share one. */
	readonly #methods: (readonly string[])[] = [[]];
	readonly #numbers = new Map<string, number>([['', 0]]);

	/** The methods of a class by their number. */
	methods(shape: number): readonly string[] {
		return this.#methods[shape] ?? [];
	}

	/**
	 * Whether an object can be cloned without losing what it can do: it has neither methods nor getters, be they its own or
	 * its class's. So are rows that a driver makes instances of an empty class.
	 */
	isData(value: object): boolean {
		if (isPlain(value)) return !holdsFunction(value) && !has(value, ITERATORS);
		if (typeof value === 'function' || ownMethods(value).length > 0) return false;
		const { number, accessors } = this.#classOf(Object.getPrototypeOf(value));
		return number === 0 && !accessors && !has(value, ITERATORS);
	}

	/** What a proxy is told of `value` when it is made. */
	of(value: object): Kind {
		const callable = typeof value === 'function';
		const own = callable ? [] : ownMethods(value);
		return {
			callable,
			name: callable ? nameOf(value) : nameOf(value.constructor) || 'Object',
			shape: callable ? 0 : this.#classOf(Object.getPrototypeOf(value)).number,
			...(own.length > 0 && { own }),
			...(!callable && has(value, ITERATORS) && { iterable: true }),
			...(has(value, DISPOSERS) && { disposable: true }),
		};
	}

	#classOf(prototype: object | null): ClassShape {
		if (prototype === null || prototype === Object.prototype) return { number: 0, accessors: false };
		const known = this.#classes.get(prototype) ?? this.#inspect(prototype);
		this.#classes.set(prototype, known);
		return known;
	}

	#inspect(prototype: object): ClassShape {
		const methods = new Set<string>();
		let accessors = false;
		for (let level: object | null = prototype; level !== null && level !== Object.prototype; level = Object.getPrototypeOf(level)) {
			for (const [name, { value, get, set }] of Object.entries(Object.getOwnPropertyDescriptors(level))) {
				if (typeof value === 'function' && name !== 'constructor') methods.add(name);
				accessors ||= get !== undefined || set !== undefined;
			}
		}
		return { number: this.#number([...methods].sort()), accessors };
	}

	#number(methods: readonly string[]): number {
		const key = methods.join('\n');
		const known = this.#numbers.get(key);
		if (known !== undefined) return known;
		this.#numbers.set(key, this.#methods.length);
		return this.#methods.push(methods) - 1;
	}
}

/** Whether an object is of no class. */
export function isPlain(value: object): boolean {
	const prototype: unknown = Object.getPrototypeOf(value);
	return prototype === Object.prototype || prototype === null;
}

/** Without the list that `ownMethods` makes: this is asked of every row of a result. */
function holdsFunction(value: object): boolean {
	for (const key in value) if (typeof (value as Record<string, unknown>)[key] === 'function') return true;
	return false;
}

/**
 * The names under which an object itself, not its class, holds functions. Getters are called where cloning would do so as well,
 * which finds the exports of modules that were compiled to CommonJS, and left alone where they belong to an instance.
 */
function ownMethods(value: object): string[] {
	if (isPlain(value)) return Object.keys(value).filter((name) => typeof (value as Record<string, unknown>)[name] === 'function');
	return Object.getOwnPropertyNames(value).filter(
		(name) => name !== 'constructor' && typeof Object.getOwnPropertyDescriptor(value, name)?.value === 'function',
	);
}

function has(value: object, symbols: readonly symbol[]): boolean {
	return symbols.some((symbol) => symbol in value);
}

function nameOf(value: unknown): string {
	return typeof value === 'function' && typeof value.name === 'string' ? value.name : '';
}
