import * as core from '../engine/core-operations.js';
import type { Hub } from '../hub/hub.js';
import { MockClock } from './mock-clock.js';
import { whenQuiet } from './quiescence.js';
import { CLOCK_ADVANCE, CLOCK_NOW, SEQUENCER_AT } from './testing-messages.js';

/** Questions that nothing outside this process answers; any other may be answered by a peer, a disk or a child in real time. */
const INTERNAL = new Set([core.SLEEP, core.GET, core.JOIN, core.KILL, SEQUENCER_AT].map(({ id }) => id));

/** The hub's clock under `useMockClock`; loaded on the hub, by URL. */
export function createClock(): { clock: MockClock; attach(hub: Hub): void } {
	const clock = new MockClock();
	return { clock, attach: (hub) => attach(clock, hub) };
}

function attach(clock: MockClock, hub: Hub): void {
	hub.handle(CLOCK_NOW, () => clock.now());
	hub.handle(CLOCK_ADVANCE, (_request, ms) => {
		clock.advance(ms);
		return clock.now();
	});
	whenQuiet(hub, () => (onlyTimersCanWake(hub) && clock.jump() ? 'look again' : undefined));
}

function onlyTimersCanWake(hub: Hub): boolean {
	return [...hub.greenlets.values()].every((record) => !record.parked || INTERNAL.has(record.operation));
}
