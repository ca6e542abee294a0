import * as errors from '../errors.js';

/** An error on the wire: structured clone alone would drop its class and its own properties. */
interface EncodedError {
	name: string;
	className: string;
	message: string;
	stack: string | undefined;
	own: [string, unknown][];
}

type ErrorClass = abstract new (...args: never[]) => Error;

const classes = new Map<string, ErrorClass>();
for (const native of [Error, TypeError, RangeError, SyntaxError, ReferenceError, EvalError, URIError, AggregateError])
	classes.set(native.name, native);
for (const own of Object.values(errors)) classes.set(own.name, own);

/** Has errors of a class arrive as such in every thread that has loaded this module; its instances are made without its constructor. */
export function registerErrorClass(type: ErrorClass): void {
	classes.set(type.name, type);
}

const SKIPPED = new Set(['message', 'stack', 'name']);

/** Takes an error apart; `visit` prepares the value of a property, and what it refuses is left out as text. */
export function encodeError(error: Error, visit: (value: unknown, key: string) => unknown): EncodedError {
	const own: [string, unknown][] = [];
	for (const key of Object.getOwnPropertyNames(error)) {
		if (SKIPPED.has(key)) continue;
		const value = (error as unknown as Record<string, unknown>)[key];
		if (typeof value === 'function') continue;
		own.push([key, visitOrDescribe(value, key, visit)]);
	}
	return { name: error.name, className: error.constructor?.name ?? 'Error', message: error.message, stack: error.stack, own };
}

function visitOrDescribe(value: unknown, key: string, visit: (value: unknown, key: string) => unknown): unknown {
	try {
		return visit(value, key);
	} catch (refused) {
		if (refused instanceof errors.NotSpawnableError) return String(value);
		throw refused;
	}
}

/**
 * Puts an error together again, as its own class where this side knows it. `made` hears of it before its properties are
 * revived, which may refer back to it.
 */
export function decodeError(data: unknown, revive: (value: unknown) => unknown, made: (error: Error) => void): Error {
	const encoded = data as EncodedError;
	const type = classes.get(encoded.className) ?? classes.get(encoded.name) ?? Error;
	const error = new Error(encoded.message);
	Object.setPrototypeOf(error, type.prototype);
	made(error);
	const define = (key: string, value: unknown) =>
		Object.defineProperty(error, key, { value, writable: true, configurable: true, enumerable: false });
	define('stack', encoded.stack);
	if (error.name !== encoded.name) define('name', encoded.name);
	for (const [key, value] of encoded.own) {
		const revived = revive(value);
		if (key === 'cause' || key === 'errors') define(key, revived);
		else (error as unknown as Record<string, unknown>)[key] = revived;
	}
	return error;
}

const ENGINE = new URL('.', import.meta.url).href;

/** The frames of whoever called `from`, below the engine's own: a leading line break and one frame a line. */
export function callerFrames(from: (...args: never[]) => unknown): string {
	const here: { stack?: string } = {};
	Error.captureStackTrace(here, from);
	const frames = (here.stack ?? '').split('\n').slice(1);
	const first = frames.findIndex((frame) => !frame.includes(ENGINE));
	return first < 0 ? '' : `\n${frames.slice(first).join('\n')}`;
}

/**
 * Makes a hub error look as if it had been thrown where the greenlet called: the frames of the hub say nothing to
 * the caller. `frames` are those of the caller.
 */
export function rehome(error: unknown, frames: string): unknown {
	if (error instanceof Error) error.stack = `${error.name}: ${error.message}${frames}`;
	return error;
}

/** Appends the frames of whoever asked to the stack an error brought along from its own greenlet. */
export function appendFrames(error: unknown, frames: string): unknown {
	if (error instanceof Error) error.stack = `${error.stack ?? `${error.name}: ${error.message}`}${frames}`;
	return error;
}
