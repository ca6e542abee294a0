import { operation } from '../engine/operation.js';

/*
 * What the runner's main greenlet asks of the main thread, because Node keeps it from other threads.
 */

/** Ends the process, with the code if all threads could be ended. */
export const EXIT = operation<[code: number, clean: number], void>(14, 'process.exit');
/** Answers when no other greenlet keeps the process alive. */
export const ALONE = operation<[], void>(24, 'end of the program');
/** The next piece of standard input, null at its end. */
export const STDIN_READ = operation<[], Buffer | null>(25, 'process.stdin');
export const CHDIR = operation<[directory: string], void>(26, 'process.chdir');
/** Sets the mask (-1: leaves it) and answers with the one before. */
export const UMASK = operation<[mask: number], number>(27, 'process.umask');
export const SIGNAL_WATCH = operation<[signal: string, watch: boolean], void>(28, 'process.on');
export const IPC_SEND = operation<[message: unknown], void>(29, 'process.send');
export const IPC_DISCONNECT = operation<[], void>(30, 'process.disconnect');

/** What the main thread tells the main greenlet's thread. */
export type RunnerNews = { readonly signal: NodeJS.Signals } | { readonly ipc: unknown } | { readonly disconnected: true };
