/** What structured clone (and this package's codecs) make of a value that crosses to another thread: methods are dropped. */
export type Cloned<T> = T extends string | number | boolean | bigint | null | undefined
	? T
	: T extends Date | RegExp | URL | URLSearchParams | Error | ArrayBuffer | SharedArrayBuffer | ArrayBufferView | Handle
		? T
		: T extends Map<infer K, infer V>
			? Map<Cloned<K>, Cloned<V>>
			: T extends Set<infer V>
				? Set<Cloned<V>>
				: T extends readonly unknown[]
					? { [I in keyof T]: Cloned<T[I]> }
					: T extends object
						? { [K in keyof T as T[K] extends (...args: never[]) => unknown ? never : K]: Cloned<T[K]> }
						: T;

/** An object that stands for something the hub owns; it crosses as itself. */
export interface Handle {
	readonly [HANDLE]: true;
}

/** Marks classes of handles, for types only. */
export declare const HANDLE: unique symbol;
