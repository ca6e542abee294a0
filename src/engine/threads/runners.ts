import type { Operation } from '../operation.js';

/** Runs one greenlet in a pool thread; the greenlet ends when the returned value or promise settles. */
export type Runner<A extends readonly unknown[], R> = (...args: A) => R | Promise<R>;

const runners = new Map<number, Runner<readonly unknown[], unknown>>();

/** Says what a thread does with greenlets of this kind; called when the thread loads the module. */
export function registerRunner<A extends readonly unknown[], R>(kind: Operation<A, R>, runner: Runner<A, R>): void {
	runners.set(kind.id, runner as unknown as Runner<readonly unknown[], unknown>);
}

/** The runner of a kind of greenlet, by operation number. */
export function runnerOf(id: number): Runner<readonly unknown[], unknown> | undefined {
	return runners.get(id);
}
