import type { GreenletRecord } from './greenlet-record.js';

/**
 * Finds greenlets that can never go on: each waits only for greenlets that wait themselves, or that have no thread
 * and will not get one because stuck greenlets sit on all of them. Everything else is presumed alive, since a timer,
 * a socket or a person may still wake it.
 * @param threadsFree a greenlet that waits for a thread gets one without any other's ending
 */
export function findStuck(records: Iterable<GreenletRecord>, threadsFree: boolean): GreenletRecord[] {
	const all = new Map<number, GreenletRecord>();
	const alive = new Set<number>();
	for (const record of records) {
		all.set(record.id, record);
		if (record.state === 'delayed' || (record.state === 'running' && !waits(record))) alive.add(record.id);
	}
	for (let changed = true; changed; ) {
		changed = false;
		const threadsWillFree = threadsFree || [...alive].some((id) => all.get(id)?.thread?.index);
		for (const record of all.values()) {
			if (alive.has(record.id) || !(record.state === 'queued' ? threadsWillFree : canEnd(record, all, alive))) continue;
			alive.add(record.id);
			changed = true;
		}
	}
	return [...all.values()].filter((record) => record.state === 'running' && !alive.has(record.id));
}

/** Waits for other greenlets, and for nothing else: a timeout wakes it, and a condemned thread ends by itself. */
function waits(record: GreenletRecord): boolean {
	return record.parked && record.wait !== undefined && record.timeouts.size === 0 && record.thread?.condemned !== true;
}

function canEnd(record: GreenletRecord, all: Map<number, GreenletRecord>, alive: Set<number>): boolean {
	const { wait } = record;
	if (!wait) return true;
	const hopeful = wait.greenlets.filter((id) => !all.has(id) || alive.has(id)).length;
	return hopeful >= wait.count;
}

/** A line a greenlet, as `WouldBlockForeverError` lists them. */
export function describeWait(record: GreenletRecord, all: ReadonlyMap<number, GreenletRecord>): string {
	const targets = (record.wait?.greenlets ?? []).map((id) => {
		const target = all.get(id);
		if (!target) return `${id} (ended)`;
		return target.state === 'queued' ? `${target.label}, which waits for a free thread` : target.label;
	});
	return `greenlet ${record.label} waits for ${targets.join('; ')}`;
}
