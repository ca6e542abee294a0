import type { Cloned, Handle } from '../greenlet/cloned.js';
import type { releaseProxy } from './proxy-traps.js';

type AnyFunction = (...args: never[]) => unknown;
type AnyConstructor = abstract new (...args: never[]) => unknown;

/** What crosses as itself. */
type Whole =
	| string
	| number
	| boolean
	| bigint
	| symbol
	| null
	| undefined
	| Date
	| RegExp
	| URL
	| URLSearchParams
	| Error
	| ArrayBuffer
	| SharedArrayBuffer
	| ArrayBufferView
	| Handle;

/**
 * What a value of an async library is for a greenlet that uses it through `wrapSync`: a promise is what it settles with, functions
 * block, what has methods is a proxy, and everything else is a copy.
 */
export type Sync<T> = 0 extends 1 & T ? T : SyncValue<Awaited<T>>;

type SyncValue<T> = T extends Whole
	? T
	: T extends AnyFunction | AnyConstructor
		? SyncFunction<T>
		: T extends ReadonlyMap<unknown, unknown> | ReadonlySet<unknown>
			? Cloned<T>
			: T extends readonly unknown[]
				? { [I in keyof T]: Sync<T[I]> }
				: T extends object
					? HasMethods<T> extends true
						? SyncObject<T>
						: { [K in keyof T]: Sync<T[K]> }
					: T;

type HasMethods<T> = true extends { [K in keyof T]-?: NonNullable<T[K]> extends AnyFunction ? true : false }[keyof T] ? true : false;

/** An object that stays on the hub: its methods block, and so does reading and writing its properties. */
export type SyncObject<T> = { [K in keyof T as K extends symbol ? never : K]: Sync<T[K]> } & SyncIteration<T> & Releasable;

/** The exports of a module that stays on the hub. */
export type SyncModule<T> = { [K in keyof T]: Sync<T[K]> };

type SyncIteration<T> =
	T extends AsyncIterable<infer Item> ? Iterable<Sync<Item>> : T extends Iterable<infer Item> ? Iterable<Sync<Item>> : unknown;

interface Releasable {
	/** Disposes of the object if it is disposable, and releases it. Switches if it is. */
	[Symbol.dispose](): void;
	/** Releases the object. */
	[releaseProxy](): void;
}

type SyncFunction<T> = Calls<T> & Constructs<T> & { [K in keyof T as K extends 'prototype' | symbol ? never : K]: Sync<T[K]> } & Releasable;

type Constructs<T> = T extends abstract new (
	...args: infer A
) => infer Instance
	? new (
			...args: Given<A>
		) => SyncObject<Instance>
	: unknown;

/** Its signatures, up to four of them; what was generic in them is what it extends. */
type Calls<T> = T extends {
	(...args: infer A): infer R;
	(...args: infer B): infer S;
	(...args: infer C): infer U;
	(...args: infer D): infer V;
}
	? Call<A, R> & Call<B, S> & Call<C, U> & Call<D, V>
	: T extends { (...args: infer A): infer R; (...args: infer B): infer S; (...args: infer C): infer U }
		? Call<A, R> & Call<B, S> & Call<C, U>
		: T extends { (...args: infer A): infer R; (...args: infer B): infer S }
			? Call<A, R> & Call<B, S>
			: T extends (...args: infer A) => infer R
				? Call<A, R>
				: unknown;

/** What stands in a pattern of four signatures for one that is not there adds nothing. */
type Call<A extends unknown[], R> = unknown[] extends A
	? unknown extends R
		? unknown
		: (...args: Given<A>) => Sync<R>
	: (...args: Given<A>) => Sync<R>;

/** Arguments: a proxy may stand for its object, and a function, inside an object too, may be one that blocks. */
type Given<A extends unknown[]> = { [I in keyof A]: GivenValue<A[I]> };

type GivenValue<T> = 0 extends 1 & T
	? T
	: T extends AnyFunction
		? Callback<T> | T
		: T extends Whole
			? T
			: T extends object
				? T | (HasMethods<T> extends true ? SyncObject<T> : never) | { [K in keyof T]: GivenValue<T[K]> }
				: T;

type Callback<T> = T extends (...args: infer A) => infer R ? (...args: { [I in keyof A]: Sync<A[I]> }) => R | Awaited<R> : never;
