import type { Log } from '../log/log.js';
import { backoffMs } from './plan.js';

/** How long a worker must have served before its boot counts as a success that ends a series of failures, in milliseconds. */
export const STEADY_MS = 1_000;

/** Keeps account of workers that do not get up: when the next one may try, and what has been complained of already. */
export class BootFailures {
	readonly #log: () => Log;
	#count = 0;
	#lastAt = 0;
	#notBefore = 0;
	/** When a worker was killed that had hardly served; undefined once a later one has served for a while. */
	#killedAt: number | undefined;
	#reasons = new Set<string>();

	constructor(log: () => Log) {
		this.#log = log;
	}

	/** Nothing is spawned before this moment, on the arbiter's clock. */
	get notBefore(): number {
		return this.#notBefore;
	}

	/** Whether the last boot failed. */
	get pending(): boolean {
		return this.#count > 0;
	}

	/** Logs what a worker has said of its failure, unless one has said the same before it. */
	explain(reason: string): void {
		if (this.#reasons.has(reason)) return;
		this.#reasons.add(reason);
		this.#log().error(reason);
	}

	/**
	 * Counts a failure. Workers that were started together fail together, which counts once.
	 * @param serving how many others serve on
	 * @param what the worker did
	 */
	count(now: number, serving: number, what = 'failed to boot'): void {
		this.#lastAt = now;
		if (now < this.#notBefore) return;
		const delayMs = backoffMs(++this.#count);
		this.#notBefore = now + delayMs;
		const others = serving > 0 ? `, ${serving} ${serving === 1 ? 'serves' : 'serve'} on` : '';
		this.#log().warning(`A worker ${what}, the next one starts in ${delayMs / 1_000} s${others}`);
	}

	/**
	 * A worker has ended by itself or was killed, which counts as a failure when it had hardly served: to start the next one at once would
	 * go on for ever. The first to be killed does not count, nor does any that served beside it: somebody may kill any worker at any
	 * time. When it happens to those in their place, too, the system is short of memory, or nobody wants them.
	 * @param killed by whoever sends signals, rather than it failed
	 */
	countEnd(now: number, serving: number, { readySince, killed }: { readonly readySince: number; readonly killed: boolean }): void {
		if (now - readySince >= STEADY_MS) return;
		const first = this.#killedAt === undefined || readySince <= this.#killedAt;
		if (killed && first && !this.pending) this.#killedAt ??= now;
		else this.count(now, serving, killed ? 'was killed right after its boot' : 'ended right after its boot');
	}

	/** Forgets the failures when a worker that got ready since has been serving for a while; returns when to look again. */
	settle(serving: readonly { readonly readySince: number | undefined }[], now: number): number {
		if (!this.pending && this.#killedAt === undefined) return Infinity;
		const last = this.pending ? this.#lastAt : (this.#killedAt ?? 0);
		const since = serving.flatMap(({ readySince = 0 }) => (readySince > last ? [readySince] : []));
		const steadyAt = Math.min(...since) + STEADY_MS;
		if (steadyAt > now) return steadyAt;
		this.reset();
		return Infinity;
	}

	/** Starts afresh: other code, other settings. */
	reset(): void {
		this.#count = 0;
		this.#notBefore = 0;
		this.#killedAt = undefined;
		this.#reasons = new Set();
	}
}
