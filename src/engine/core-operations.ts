import { operation } from './operation.js';

/** What a greenlet asks of the hub itself; everything else belongs to the I/O services. */
export const SLEEP = operation<[ms: number], void>(1, 'sleep');
/** Answers with its argument: the price of a round trip, for benches and tests. */
export const ECHO = operation<[value: string], string>(2, 'echo');
export const SPAWN = operation<[id: number, name: string, delayMs: number, unref: boolean, limitMs: number, graceMs: number], void>(
	3,
	'spawn',
);
export const GET = operation<[id: number, block: number, timeoutMs: number], unknown>(4, 'Greenlet.get');
export const JOIN = operation<[ids: number[], count: number, timeoutMs: number], number[]>(5, 'joinAll');
export const KILL = operation<[ids: number[], error: unknown, block: boolean, timeoutMs: number, graceMs: number], boolean>(6, 'kill');
export const STATUS = operation<[id: number], 'queued' | 'running' | 'value' | 'error'>(7, 'Greenlet.ready');
export const UNREF = operation<[id: number, unref: boolean], void>(8, 'Greenlet.unref');
/** Lets the hub forget the result of a greenlet that nobody refers to any more. */
export const FORGET = operation<[id: number], void>(9, 'Greenlet.forget');
export const TIMEOUT_START = operation<[timeout: number, ms: number], void>(10, 'Timeout.start');
export const TIMEOUT_CANCEL = operation<[timeout: number], void>(11, 'Timeout.cancel');
export const RELEASE = operation<[handle: number], void>(12, 'release');
/** Ends threads that are busy in native calls; false when one cannot be ended. */
export const SHUTDOWN = operation<[], boolean>(13, 'shutdown');

/** Goes on waiting for the answer to the question before, after acting on news. */
export const RETURN = operation<[], unknown>(23, 'return');

/** Gives threads started from now on one more module to import first; those there are end when they are free. */
export const PRELOAD = operation<[preload: { readonly url: string; readonly data?: unknown }], void>(31, 'preload');

// From a thread about itself, never answered.
export const READY = operation<[], void>(15, 'ready');
export const RETIRE = operation<[], void>(16, 'retire');
export const DONE = operation<[], void>(17, 'done');
export const FAILED = operation<[], void>(18, 'failed');

/** Has the hub import a module and register the `service` it exports, unless it has. */
export const SERVICE = operation<[url: string], void>(19, 'register a service');

// To a thread: what a greenlet is to run.
export const RUN_TASK = operation<[url: string, task: string, name: string, ...args: unknown[]], unknown>(20, 'task');
export const RUN_MAIN = operation<[url: string], void>(21, 'main');
export const LEAVE = operation<[], void>(22, 'leave');
