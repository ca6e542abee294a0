import { NotSpawnableError } from '../../errors.js';
import { decodeError, encodeError } from '../error-codec.js';

/** A class whose instances stand for something the hub owns, or that need more than structured clone gives. */
export interface Transferable<T> {
	/** Unique name on the wire. */
	readonly tag: string;
	/** URL of the module that registers it, for threads that start a greenlet with one; undefined when every thread has it. */
	readonly module?: string;
	is(value: unknown): value is T;
	/** The hub handle (0 for none, below it a greenlet's id) and cloneable data that rebuild it. */
	encode(value: T): { handle: number; data?: unknown };
	decode(handle: number, data: unknown): T;
}

const registered: Transferable<unknown>[] = [];

/** Teaches the codec a class of handles; called once per class, when its module loads. */
export function registerHandle<T>(type: Transferable<T>): void {
	registered.push(type as Transferable<unknown>);
}

/** Gives what travels in place of a function or an object, or undefined when the codec's own rules are to hold. */
export type StandIn = (value: object) => object | undefined;

/**
 * A part of a message for whose functions, plain objects and instances of unknown classes `standIn` is asked: what would be
 * refused otherwise, or would lose its methods. It may be asked twice for the same object.
 */
export class Lent {
	readonly value: unknown;
	/** Where `value` stands in the message, for errors: `[0]`. */
	readonly path: string;
	readonly standIn: StandIn;

	constructor(value: unknown, path: string, standIn: StandIn) {
		this.value = value;
		this.path = path;
		this.standIn = standIn;
	}
}

const MARK = '\u0000tsgevent';
const ESCAPED = 'escaped';

/** Stands on the wire for an object that structured clone would drop or empty. */
interface Marked {
	[MARK]: string;
	handle: number;
	data: unknown;
}

/** A mark whose receiver finds the object itself, by `data`. */
export function tagged(tag: string, data: unknown): unknown {
	return { [MARK]: tag, handle: 0, data } satisfies Marked;
}

/** A value that structured clone carries without loss. */
export interface Prepared {
	readonly data: unknown;
	/** JSON carries it too. */
	readonly json: boolean;
	/** How many characters of text it holds. */
	readonly text: number;
	/** Handles inside, which the receiver comes to hold. */
	readonly handles: readonly number[];
	/** Modules whose classes its receiver has to know. */
	readonly modules: readonly string[];
}

/**
 * Finds out how a value can travel. The first `skip` items of an argument list are not the caller's.
 * @throws NotSpawnableError naming where in `root` the unsendable part is
 */
export function prepare(value: unknown, root: string, skip = 0): Prepared {
	let scan = new Scan(root, skip, false);
	let data = scan.visit(value, '');
	if (scan.cyclic && scan.copied) {
		// A part was copied after something inside it had referred back to the original: copy everything from the start on.
		scan = new Scan(root, skip, true);
		data = scan.visit(value, '');
	}
	return { data, json: !scan.clone, text: scan.text, handles: scan.handles, modules: [...scan.modules] };
}

/** What to tell the caller about a value that passed the scan and that structured clone refuses all the same. */
export function unsendable(cause: unknown): NotSpawnableError {
	const why = cause instanceof Error ? cause.message : String(cause);
	return new NotSpawnableError(`Cannot send a value to another thread: ${why}`, { cause });
}

/** One walk over a value: finds out whether JSON can carry it, replaces what clone cannot, refuses the rest by its path. */
class Scan {
	/** Something was met that JSON would lose. */
	clone = false;
	/** Something refers back to what holds it. */
	cyclic = false;
	/** Part of the result is not the original. */
	copied = false;
	text = 0;
	readonly handles: number[] = [];
	readonly modules = new Set<string>();
	readonly #seen = new Map<object, unknown>();
	readonly #open = new Set<object>();
	readonly #root: string;
	readonly #skip: number;
	readonly #copyAll: boolean;
	/** Of the part that is being visited. */
	#standIn: StandIn | undefined;

	constructor(root: string, skip: number, copyAll: boolean) {
		this.#root = root;
		this.#skip = skip;
		this.#copyAll = copyAll;
	}

	visit(value: unknown, path: string): unknown {
		switch (typeof value) {
			case 'string':
				this.text += value.length;
				return value;
			case 'boolean':
				return value;
			case 'number':
				if (!Number.isFinite(value) || Object.is(value, -0)) this.clone = true;
				return value;
			case 'undefined':
			case 'bigint':
				this.clone = true;
				return value;
			case 'object':
				return value === null ? null : this.#object(value, path);
			case 'function':
				return this.#object(value, path);
			default:
				throw this.#refuse(`a ${typeof value}`, path);
		}
	}

	#object(value: object, path: string): unknown {
		if (this.#seen.has(value)) {
			this.clone = true;
			if (this.#open.has(value)) this.cyclic = true;
			return this.#seen.get(value);
		}
		this.#seen.set(value, value);
		this.#open.add(value);
		const visited = this.#visitNew(value, path);
		this.#open.delete(value);
		this.#seen.set(value, visited);
		return visited;
	}

	#visitNew(value: object, path: string): unknown {
		const proto = Object.getPrototypeOf(value);
		if (Array.isArray(value)) return this.#array(value, path);
		if (proto === Object.prototype || proto === null) return this.#plain(value as Record<string, unknown>, path);
		if (proto === Lent.prototype) return this.#lent(value as Lent);
		this.clone = true;
		return this.#special(value, path);
	}

	#lent({ value, path, standIn }: Lent): unknown {
		const outer = this.#standIn;
		this.#standIn = standIn;
		const visited = this.visit(value, path);
		this.#standIn = outer;
		return visited;
	}

	/** Remembers what stands for `value` before its parts are visited, which may refer back to it. */
	#begin<T extends object>(value: object, copy: T): T {
		this.copied = true;
		this.#seen.set(value, copy);
		return copy;
	}

	#array(value: unknown[], path: string): unknown[] {
		let copy = this.#copyAll ? this.#begin(value, value.slice()) : undefined;
		for (let i = 0; i < value.length; i++) {
			const visited = this.visit(value[i], `${path}[${path === '' ? i - this.#skip : i}]`);
			if (Object.is(visited, value[i])) continue;
			copy ??= this.#begin(value, value.slice());
			copy[i] = visited;
		}
		return copy ?? value;
	}

	#plain(value: Record<string, unknown>, path: string): unknown {
		const standIn = this.#standIn?.(value);
		if (standIn) return this.visit(standIn, path);
		if (MARK in value) return this.#escape(value, path);
		let copy = this.#copyAll ? this.#begin(value, { ...value }) : undefined;
		for (const key in value) {
			if (!Object.hasOwn(value, key)) continue;
			const visited = this.visit(value[key], `${path}.${key}`);
			if (Object.is(visited, value[key])) continue;
			copy ??= this.#begin(value, { ...value });
			copy[key] = visited;
		}
		return copy ?? value;
	}

	/** An app's object that happens to look like a mark. */
	#escape(value: Record<string, unknown>, path: string): Marked {
		const entries: [string, unknown][] = [];
		const mark = this.#begin(value, this.#mark(ESCAPED, 0, entries));
		for (const [key, item] of Object.entries(value)) entries.push([key, this.visit(item, `${path}.${key}`)]);
		return mark;
	}

	#special(value: object, path: string): unknown {
		if (Buffer.isBuffer(value)) return this.#mark('Buffer', 0, ownBytes(value));
		for (const type of registered) {
			if (!type.is(value)) continue;
			const { handle, data } = type.encode(value);
			if (handle !== 0) this.handles.push(handle);
			if (type.module !== undefined) this.modules.add(type.module);
			return this.#mark(type.tag, handle, data);
		}
		if (value instanceof Error) {
			const mark = this.#begin(value, this.#mark('Error', 0, undefined));
			mark.data = encodeError(value, (inner, key) => this.visit(inner, `${path}.${key}`));
			return mark;
		}
		if (value instanceof URL) return this.#mark('URL', 0, value.href);
		if (value instanceof URLSearchParams) return this.#mark('URLSearchParams', 0, value.toString());
		if (value instanceof Map) {
			const copy = this.#begin(value, new Map());
			for (const [key, item] of value)
				copy.set(this.visit(key, `${path}.key`), this.visit(item, `${path}.get(${typeof key === 'object' ? 'object' : String(key)})`));
			return copy;
		}
		if (value instanceof Set) {
			const copy = this.#begin(value, new Set());
			for (const item of value) copy.add(this.visit(item, `${path}.item`));
			return copy;
		}
		if (isCloneable(value)) return value;
		if (Object.prototype.toString.call(value) === '[object Object]' && value.constructor?.name === 'Object') {
			return this.#plain(value as Record<string, unknown>, path); // a plain object of another realm
		}
		const standIn = this.#standIn?.(value);
		if (standIn) return this.visit(standIn, path);
		throw this.#refuse(
			typeof value === 'function' ? 'a function' : `an instance of ${value.constructor?.name || 'a class without a name'}`,
			path,
		);
	}

	#mark(tag: string, handle: number, data: unknown): Marked {
		this.clone = true;
		this.copied = true;
		return { [MARK]: tag, handle, data };
	}

	#refuse(what: string, path: string): NotSpawnableError {
		return new NotSpawnableError(
			`Cannot send ${what} to another thread: found at ${this.#root}${path}. Threads share no heap; send plain data, Buffers or handles, or build the object where it is used`,
		);
	}
}

/** The bytes of a Buffer and nothing else: cloning a view clones all the memory behind it, such as Node's pool. */
function ownBytes(buffer: Buffer): Uint8Array {
	const { buffer: memory, byteOffset, byteLength } = buffer;
	const whole = memory.byteLength === byteLength || memory instanceof SharedArrayBuffer;
	return whole ? new Uint8Array(memory, byteOffset, byteLength) : new Uint8Array(buffer);
}

function isCloneable(value: object): boolean {
	return (
		ArrayBuffer.isView(value) ||
		value instanceof ArrayBuffer ||
		value instanceof SharedArrayBuffer ||
		value instanceof Date ||
		value instanceof RegExp ||
		value instanceof Boolean ||
		value instanceof Number ||
		value instanceof String ||
		value instanceof Blob
	);
}

/** Undoes `prepare`: rebuilds Buffers, errors and handles, in place where it can. */
export function revive(value: unknown): unknown {
	return reviveInto(value, new Map());
}

/** `seen` has what each object became: something that is referred to twice must arrive as one thing. */
function reviveInto(value: unknown, seen: Map<object, unknown>): unknown {
	if (typeof value !== 'object' || value === null) return value;
	if (seen.has(value)) return seen.get(value);
	seen.set(value, value);
	if (Array.isArray(value)) return reviveItems(value, seen);
	if (value instanceof Map) return reviveMap(value, seen);
	if (value instanceof Set) return reviveSet(value, seen);
	if (Object.getPrototypeOf(value) !== Object.prototype) return value;
	const record = value as Record<string, unknown>;
	if (typeof record[MARK] === 'string') {
		const revived = reviveMark(record as unknown as Marked, seen);
		seen.set(value, revived);
		return revived;
	}
	for (const key in record) record[key] = reviveInto(record[key], seen);
	return record;
}

function reviveItems(array: unknown[], seen: Map<object, unknown>): unknown[] {
	for (const [i, item] of array.entries()) {
		// Only what has parts, so that holes stay holes.
		if (typeof item === 'object' && item !== null) array[i] = reviveInto(item, seen);
	}
	return array;
}

function reviveMap(map: Map<unknown, unknown>, seen: Map<object, unknown>): Map<unknown, unknown> {
	const entries = [...map].map(([key, item]) => [reviveInto(key, seen), reviveInto(item, seen)] as const);
	map.clear();
	for (const [key, item] of entries) map.set(key, item);
	return map;
}

function reviveSet(set: Set<unknown>, seen: Map<object, unknown>): Set<unknown> {
	const items = [...set].map((item) => reviveInto(item, seen));
	set.clear();
	for (const item of items) set.add(item);
	return set;
}

function reviveMark(mark: Marked, seen: Map<object, unknown>): unknown {
	const { [MARK]: tag, handle, data } = mark;
	switch (tag) {
		case 'Buffer': {
			const bytes = data as Uint8Array;
			return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
		}
		case 'Error':
			return decodeError(
				data,
				(inner) => reviveInto(inner, seen),
				(error) => seen.set(mark, error),
			);
		case 'URL':
			return new URL(data as string);
		case 'URLSearchParams':
			return new URLSearchParams(data as string);
		case ESCAPED: {
			const record: Record<string, unknown> = {};
			seen.set(mark, record);
			for (const [key, item] of data as [string, unknown][]) record[key] = reviveInto(item, seen);
			return record;
		}
		default: {
			const type = registered.find((candidate) => candidate.tag === tag);
			if (!type) throw new NotSpawnableError(`Cannot receive a ${tag}: its module is not loaded in this thread`);
			return type.decode(handle, reviveInto(data, seen));
		}
	}
}
