import type { ClockTimer } from '../clock.js';
import type { Packet } from '../engine/threads/codec.js';
import type { CellRequest } from '../engine/threads/request.js';
import type { Start, Thread } from '../engine/threads/thread.js';
import type { Owner } from './service.js';

/** How a greenlet ended: its value, or the error nobody in it caught. */
export interface Ending {
	readonly ok: boolean;
	readonly packet: Packet;
}

/** An error to be thrown at the next parking point; `timeout` names the `Timeout` it belongs to. */
export interface Interrupt {
	readonly packet: Packet;
	readonly timeout?: number;
}

/** What one parked greenlet waits for, when that is other greenlets. */
export interface Wait {
	readonly greenlets: readonly number[];
	/** How many of them have to end. */
	readonly count: number;
	/** Order of parking, for finding out who closed a circle. */
	readonly since: number;
}

/** Everything the hub knows about a greenlet that has not ended. Hub thread only. */
export class GreenletRecord implements Owner {
	readonly id: number;
	readonly name: string;
	/** Counts towards keeping the process alive. */
	unref = false;
	state: 'delayed' | 'queued' | 'running' | 'ended' = 'queued';
	start: Start | undefined;
	delay: ClockTimer | undefined;
	thread: Thread | undefined;
	/** The question it is parked on, when it is. */
	request: CellRequest<GreenletRecord> | undefined;
	/** What it asked with that question. */
	operation = 0;
	/** Open questions it was sent away from, the last one innermost. */
	readonly away: CellRequest<GreenletRecord>[] = [];
	/** Its thread's port holds news that it may not have heard of. */
	news = false;
	wait: Wait | undefined;
	readonly interrupts: Interrupt[] = [];
	readonly timeouts = new Map<number, ClockTimer>();
	readonly handles = new Set<number>();
	/** Called once, when it has ended. */
	readonly endings = new Set<(ending: Ending) => void>();
	/** Told when it has been killed but sits in a native call that cannot be ended. */
	readonly onKillPending = new Set<(waitedMs: number) => void>();
	/** How often it has told that a greenlet is to keep the process alive. */
	kept = 0;
	/** Nobody will ask how it ended. */
	forgotten = false;
	/** The thread of the only one that can ask; undefined when there may be others. */
	spawner: Thread | undefined;
	/** Why its thread was terminated. */
	lostWhy: string | undefined;

	constructor(id: number, name: string) {
		this.id = id;
		this.name = name;
	}

	get label(): string {
		return this.name ? `${this.id} (${this.name})` : String(this.id);
	}

	/** True when it is parked on a question that is still open. */
	get parked(): boolean {
		return this.request?.pending === true;
	}
}
