/** What headers can be given as. */
export type HeaderInit =
	| Readonly<Record<string, string | number | readonly string[] | undefined>>
	| readonly string[]
	| Iterable<readonly [string, string]>;

/**
 * The headers of a response: names without regard to case, in the order of arrival. The part of the platform's `Headers` that
 * reads; that class itself would load all of fetch into every greenlet's thread.
 * @example
 * ```js
 * import { getSync } from 'tsgevent/http';
 * console.log(getSync('http://localhost:8080/').headers.get('Content-Type')); // application/json
 * ```
 */
export class HeaderMap implements Iterable<[string, string]> {
	readonly #values = new Map<string, string>();
	readonly #cookies: string[] = [];

	/** @param raw names and values by turns, repeated names allowed, as in `IncomingMessage#rawHeaders` */
	constructor(raw: readonly string[] = []) {
		for (let i = 0; i + 1 < raw.length; i += 2) this.#add((raw[i] as string).toLowerCase(), raw[i + 1] as string);
	}

	#add(name: string, value: string): void {
		const before = this.#values.get(name);
		this.#values.set(name, before === undefined ? value : `${before}, ${value}`);
		if (name === 'set-cookie') this.#cookies.push(value);
	}

	/** The value of a header, repeated ones joined with `, `; null when there is none. */
	get(name: string): string | null {
		return this.#values.get(name.toLowerCase()) ?? null;
	}

	/** Whether there is such a header. */
	has(name: string): boolean {
		return this.#values.has(name.toLowerCase());
	}

	/** Each `set-cookie` by itself, because their values may hold commas. */
	getSetCookie(): string[] {
		return [...this.#cookies];
	}

	/** Lower-case names. */
	keys(): IterableIterator<string> {
		return this.#values.keys();
	}

	/** Values, in the order of the names. */
	values(): IterableIterator<string> {
		return this.#values.values();
	}

	/** Pairs of lower-case name and value. */
	entries(): IterableIterator<[string, string]> {
		return this.#values.entries();
	}

	/** Calls `callback` with each value and its lower-case name. */
	forEach(callback: (value: string, name: string, headers: this) => void): void {
		for (const [name, value] of this.#values) callback(value, name, this);
	}

	[Symbol.iterator](): IterableIterator<[string, string]> {
		return this.entries();
	}

	/** A plain object, for `JSON.stringify` and `console.log`. */
	toJSON(): Record<string, string> {
		return Object.fromEntries(this.#values);
	}
}
