import type { GreenletRecord } from './greenlet-record.js';
import type { Hub } from './hub.js';

/** What the hub knows about a greenlet that has not ended, as plain data. */
export interface GreenletView {
	readonly id: number;
	readonly name: string;
	/** `queued` waits for a thread. */
	readonly state: GreenletRecord['state'];
	/** The number of its thread; undefined when it has none. */
	readonly thread: number | undefined;
	/** It waits for the hub's answer. */
	readonly parked: boolean;
	/** What it asked the hub last; undefined when it has not asked anything. */
	readonly asked: string | undefined;
	/** For how many milliseconds it has had its thread; undefined when it has none. */
	readonly forMs: number | undefined;
}

/** Where the greenlets of a thread's hub can be seen from outside: by an inspector that has stopped the hub in the middle of something. */
const VIEW = Symbol.for('tsgevent.greenlets');

/** Lists greenlets, those that have a thread first. */
export type ListGreenlets = (most: number) => GreenletView[];

/** Makes the greenlets of this thread's hub visible under the registered symbol `tsgevent.greenlets`. */
export function showGreenlets(hub: Hub): void {
	const list: ListGreenlets = (most) => {
		const all = [...hub.greenlets.values()];
		return [...all.filter(({ thread }) => thread), ...all.filter(({ thread }) => !thread)]
			.slice(0, most)
			.map((record) => view(hub, record));
	};
	(globalThis as Record<symbol, unknown>)[VIEW] = list;
}

/** What `showGreenlets` has shown on this thread; without a hub there are none. */
export function listGreenlets(most: number): GreenletView[] {
	const list = (globalThis as Record<symbol, unknown>)[VIEW] as ListGreenlets | undefined;
	return list?.(most) ?? [];
}

function view(hub: Hub, record: GreenletRecord): GreenletView {
	const { id, name, state, thread, parked } = record;
	return {
		id,
		name,
		state,
		thread: thread?.index,
		parked,
		asked: record.operation === 0 ? undefined : hub.operationName(record.operation),
		forMs: thread ? performance.now() - thread.begunAt : undefined,
	};
}
