import type { GreenletRecord } from '../hub/greenlet-record.js';
import type { Hub } from '../hub/hub.js';

/**
 * Calls `quiet` whenever every greenlet is parked, or has to wait for a thread that only a parked one could free. Hub side.
 *
 * The hub's own notice is not enough: greenlets that compute for long have given up their place among those that run, and a
 * yielding `sleep(0)` has its wake-up in the very next turn of the loop. So this looks again two turns later, until nothing has moved;
 * `quiet` may ask for that as well, when it has done something that may have woken nobody.
 */
export function whenQuiet(hub: Hub, quiet: () => 'look again' | undefined): void {
	let looking = false;
	const look = (before: readonly unknown[]) => {
		setImmediate(() =>
			setImmediate(() => {
				looking = everybodyParked(hub);
				if (!looking) return; // whoever runs now will park, and the hub gives notice again
				const now = questions(hub);
				if (now.length !== before.length || now.some((question, i) => question !== before[i])) return look(now);
				looking = quiet() === 'look again';
				if (looking) look(now);
			}),
		);
	};
	hub.onQuiet(() => {
		if (looking) return;
		looking = true;
		look(questions(hub));
	});
}

/** What each greenlet is parked on. */
function questions(hub: Hub): unknown[] {
	return [...hub.greenlets.values()].map(({ request }) => request);
}

/** Whether no greenlet runs or is about to. */
function everybodyParked(hub: Hub): boolean {
	return [...hub.greenlets.values()].every((record) => settled(record, hub.exchange.pool.hopeful));
}

function settled(record: GreenletRecord, threadsFree: boolean): boolean {
	if (record.state === 'running') return record.parked;
	return record.state === 'delayed' || !threadsFree;
}
