import { lookUntil } from '../clock.js';
import { type Packet, packError, unpack } from '../engine/threads/codec.js';
import type { Thread } from '../engine/threads/thread.js';
import { GreenletLostError, InternalError } from '../errors.js';
import type { GreenletRecord } from './greenlet-record.js';
import type { Hub } from './hub.js';

/** How long a terminated thread may take to end before it counts as stuck in a native call; in real time, whatever clock the hub keeps. */
const TERMINATION_MS = 2_000;

/**
 * Ends greenlets. In this order, each step only if the one before did not help: an exception at the parking point,
 * so that `finally` blocks run; after the grace termination of the thread, which runs none; and when the thread does
 * not end because it is inside a native call, it is abandoned.
 */
export class Killer {
	readonly #hub: Hub;
	readonly #abandoned = new Set<Thread>();

	constructor(hub: Hub) {
		this.#hub = hub;
	}

	/** @param why for the message of the one that has to be terminated in the end */
	kill(record: GreenletRecord | undefined, error: Packet, graceMs: number, why = 'it was killed'): void {
		if (!record) return;
		if (this.#neverBegins(record)) {
			// Never started: as in gevent, the exit is its value and any other error its error.
			const exit = (unpack(error) as { code?: string } | null)?.code === 'ERR_GREENLET_EXIT';
			this.#hub.finish(record, { ok: exit, packet: error });
			return;
		}
		this.#hub.interrupt(record, { packet: error });
		if (record.thread?.index === 0 || graceMs < 0) return; // the main thread cannot be terminated
		const timer = this.#hub.timer(graceMs, () => this.#terminate(record, `${why} and did not end within ${graceMs} ms`));
		record.endings.add(() => timer.cancel());
	}

	/** Withdraws it. That fails when a thread has begun it although the hub has not seen so yet: it is interrupted like any other. */
	#neverBegins({ state, start }: GreenletRecord): boolean {
		return state === 'delayed' || (state === 'queued' && start !== undefined && this.#hub.exchange.withdraw(start));
	}

	#terminate(record: GreenletRecord, why: string): void {
		const { thread } = record;
		if (!thread) throw new InternalError(`Greenlet ${record.label} was begun before ${why}, and has no thread`);
		this.#hub.exchange.isolate(thread);
		if (record.state === 'ended' || record.lostWhy !== undefined) return;
		record.lostWhy = why;
		thread.terminate();
		void lookUntil(() => record.state === 'ended', TERMINATION_MS).then((ended) => {
			if (!ended) this.#abandon(record, thread);
		});
	}

	#abandon(record: GreenletRecord, thread: Thread): void {
		this.#abandoned.add(thread);
		for (const tell of record.onKillPending) tell(TERMINATION_MS);
		record.request?.abandon();
		this.#hub.finish(record, {
			ok: false,
			packet: packError(new GreenletLostError(record.label, `${record.lostWhy}; its thread is stuck in a native call`)),
		});
	}

	/** Ends busy threads at the end of the process; false when one cannot be ended, so that the process must kill itself. */
	async shutdown(): Promise<boolean> {
		const ended = await Promise.all([this.#endThreads(), ...[...this.#hub.atShutdown].map((end) => end())]);
		return ended.every(Boolean);
	}

	async #endThreads(): Promise<boolean> {
		await this.#hub.exchange.pool.settle();
		const busy = this.#hub.exchange.pool.threads().filter((thread) => thread.index !== 0 && (thread.counted || this.#runsOn(thread)));
		for (const thread of busy) if (!thread.condemned) thread.terminate();
		return lookUntil(() => busy.every((thread) => thread.state === 'dead'), TERMINATION_MS);
	}

	/** Gave up its place in the count but is not parked either. */
	#runsOn(thread: Thread): boolean {
		if (this.#abandoned.has(thread)) return thread.state !== 'dead';
		const record = this.#hub.greenlets.get(thread.greenlet);
		return record !== undefined && !record.parked;
	}
}
