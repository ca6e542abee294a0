import { block, engineFor, runningEngine } from '../engine/engine.js';
import { appendFrames, callerFrames } from '../engine/error-codec.js';
import { Lent, pack } from '../engine/threads/codec.js';
import { isControlFlow } from '../greenlet/control-flow.js';
import { callerId, given } from './proxy-functions.js';
import {
	CALL,
	type CallbackOutcome,
	DROP,
	type Ended,
	LEAVE,
	type ProxyRequest,
	type ProxyRequestType,
	RESUME,
	type Run,
	type Target,
	type WireValue,
} from './proxy-messages.js';

/** Handles of proxies that were collected, for the hub to hear of with the next call. */
const unused = new Set<number>();
let nextId = 1;

/** The hub may let go of `handle` when this thread asks something next. */
export function forget(handle: number): void {
	unused.add(handle);
}

/** The hub is to let go of `handle` now. */
export function release(handle: number): void {
	runningEngine()?.post(DROP, [handle]);
}

/** A proxy of `handle` has come to this thread once more. */
export function keep(handle: number): void {
	unused.delete(handle);
}

/** Puts a request of Comlink's to the hub and parks until it has ended, calling this greenlet's functions meanwhile when asked to. */
export function ask(target: Target, type: ProxyRequestType, path: readonly string[], args: readonly unknown[]): Ended {
	tellUnused();
	const request = requestOf(type, path, args);
	try {
		let reply = block(CALL, callerId(), target, request);
		for (;;) {
			if (reply.dropped) given.drop(reply.dropped);
			if (!('run' in reply)) break;
			reply = block(RESUME, callerId(), request.id, reply.invocation, run(reply));
		}
		if (!('threw' in reply)) return reply;
		throw new Thrown(reply.threw);
	} catch (error) {
		if (error instanceof Thrown) throw joined(error.value);
		// Killed, or out of time, or refused: whether the hub knows of the call cannot be told from here.
		if (runningEngine()) engineFor(LEAVE.name).post(LEAVE, callerId(), request.id);
		throw withoutOwn(error);
	}
}

/** Sets what the call ended with apart from what has kept it from ending. */
class Thrown {
	readonly value: unknown;

	constructor(value: unknown) {
		this.value = value;
	}
}

function requestOf(type: ProxyRequestType, path: readonly string[], args: readonly unknown[]): ProxyRequest {
	const id = nextId++;
	const wire = args.map((value, index): WireValue => ({ type: 'RAW', value: new Lent(value, `[${index}]`, given.standIn) }));
	if (type === 'SET') return { id, type, path, value: wire[0] as WireValue };
	return wire.length > 0 ? { id, type, path, argumentList: wire } : { id, type, path };
}

/** Calls a function of this greenlet; its error is the caller's, unless it ends the greenlet or a block of it. */
function run({ run: number, args }: Run): CallbackOutcome {
	try {
		const value = new Lent(given.call(number, args as unknown[]), '', given.standIn);
		pack(value, 'result of a function'); // what cannot travel is the function's error
		return { value };
	} catch (threw) {
		if (isControlFlow(threw)) throw threw;
		return { threw };
	}
}

function tellUnused(): void {
	if (unused.size === 0) return;
	const handles = [...unused];
	unused.clear();
	runningEngine()?.post(DROP, handles);
}

const OWN = new URL('proxy', import.meta.url).href;

/** An error with the frames of this package's proxies left out of its stack. */
function withoutOwn(error: unknown): unknown {
	if (error instanceof Error && error.stack) {
		const lines = error.stack.split('\n');
		error.stack = lines.filter((line) => !line.includes(OWN)).join('\n');
	}
	return error;
}

/** An error of the hub with the library's part of its stack, and below it that of whoever used the proxy. */
function joined(error: unknown): unknown {
	if (!(error instanceof Error)) return error;
	const lines = (error.stack ?? '').split('\n');
	const end = lines.findIndex((line) => line.includes(OWN));
	if (end >= 0) error.stack = lines.slice(0, end).join('\n');
	return withoutOwn(appendFrames(error, callerFrames(ask)));
}
