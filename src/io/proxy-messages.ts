import { operation } from '../engine/operation.js';
import { registerHandle } from '../engine/threads/codec.js';

/** Where a request goes: to a module by its URL, or to what the hub holds under a handle. */
export type Target = string | number;

/** Comlink's message types that can be asked with, and three for what only a protocol of JavaScript's own can ask: iterate, list keys, dispose. */
export type ProxyRequestType = 'GET' | 'SET' | 'APPLY' | 'CONSTRUCT' | 'ITERATE' | 'KEYS' | 'DISPOSE';

/** Comlink's wire value; what it holds is the codec's. */
export interface WireValue {
	readonly type: 'RAW';
	readonly value: unknown;
}

/** Comlink's request. */
export interface ProxyRequest {
	/** Unique among the requests of a thread. */
	readonly id: number;
	readonly type: ProxyRequestType;
	readonly path: readonly string[];
	/** Of `APPLY` and `CONSTRUCT`. */
	readonly argumentList?: readonly WireValue[];
	/** Of `SET`. */
	readonly value?: WireValue;
}

/** What a view knows of an object without asking. */
export interface Kind {
	readonly callable: boolean;
	/** Of the function, or of the object's class. */
	readonly name: string;
	/** The methods of its class, by the number that `SHAPE` is asked with; 0 for none. */
	readonly shape: number;
	/** Methods of its own. */
	readonly own?: readonly string[];
	readonly iterable?: true;
	readonly disposable?: true;
}

/** What comes of a call so far: its end, or a function of the greenlet that is to be called first. */
export type Reply = Ended | Run;

/** How a call ended. Without any of the keys its value is undefined. */
export interface Ended {
	readonly value?: unknown;
	readonly threw?: unknown;
	/** The value is the object that was asked. */
	readonly self?: true;
	/** Functions of the greenlet that nobody can call any more. */
	readonly dropped?: readonly number[];
}

/** Asks the greenlet for a call of one of its functions. */
export interface Run {
	readonly run: number;
	readonly invocation: number;
	readonly args: unknown;
	readonly dropped?: readonly number[];
}

/** What came of calling a function of the greenlet. */
export interface CallbackOutcome {
	readonly value?: unknown;
	readonly threw?: unknown;
}

/** Puts a request to an object, for a caller that is a greenlet, or a thread that boots and has a negative number; answers with what comes of it. */
export const CALL = operation<[caller: number, target: Target, request: ProxyRequest], Reply>(234, 'wrapSync');
/** Goes on waiting for `call` after a function of the greenlet was called for it. */
export const RESUME = operation<[caller: number, call: number, invocation: number, outcome: CallbackOutcome], Reply>(235, 'wrapSync');
/** The greenlet will not come back to `call`: an error has thrown it out. */
export const LEAVE = operation<[caller: number, call: number], void>(236, 'wrapSync');
/** Lets go of handles. */
export const DROP = operation<[handles: readonly number[]], void>(237, 'wrapSync');
/** The methods of a class. */
export const SHAPE = operation<[shape: number], readonly string[]>(238, 'wrapSync');

/** Stands on the wire for an object that stays on the hub. */
export class ObjectRef {
	readonly target: Target;
	readonly path: readonly string[];
	readonly kind: Kind | undefined;

	constructor(target: Target, path: readonly string[], kind: Kind | undefined) {
		this.target = target;
		this.path = path;
		this.kind = kind;
	}
}

/** Stands on the wire for a function that stays in its greenlet. */
export class FunctionRef {
	readonly caller: number;
	readonly number: number;

	constructor(caller: number, number: number) {
		this.caller = caller;
		this.number = number;
	}
}

/** What becomes of references on this thread. A thread that is the hub and has loaded the view as well receives as the hub. */
export const receivers: {
	/** Hub: the object itself. */
	open?: (ref: ObjectRef) => unknown;
	/** Hub: a function that has the greenlet call its own. */
	call?: (ref: FunctionRef) => unknown;
	/** Greenlet thread: a proxy. */
	proxy?: (ref: ObjectRef) => unknown;
} = {};

/** A reference taken apart for the codec. */
export function encodeRef({ target, path, kind }: ObjectRef): { handle: number; data: unknown } {
	return typeof target === 'number' ? { handle: target, data: { path, kind } } : { handle: 0, data: { url: target, path, kind } };
}

registerHandle<ObjectRef>({
	tag: 'proxied object',
	is: (value) => value instanceof ObjectRef,
	encode: encodeRef,
	decode: (handle, data) => {
		const { url, path, kind } = data as { url?: string; path: readonly string[]; kind: Kind | undefined };
		return (receivers.open ?? receivers.proxy)?.(new ObjectRef(url ?? handle, path, kind)) as ObjectRef;
	},
});

registerHandle<FunctionRef>({
	tag: 'proxied function',
	is: (value) => value instanceof FunctionRef,
	encode: ({ caller, number }) => ({ handle: 0, data: [caller, number] }),
	decode: (_handle, data) => receivers.call?.(new FunctionRef(...(data as [number, number]))) as FunctionRef,
});
