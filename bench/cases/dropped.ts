/**
 * `dropped.js HUPS UPGRADES REQUESTS`: how many requests fail while `-w 4` gets so many HUPs and USR2 upgrades at random moments, of at
 * least REQUESTS; on connections of their own and kept ones, and from idle clients that write just after the signal.
 */
import { describeLoad } from '../../test/support/load.js';
import { Upheaval } from '../../test/support/upheaval.js';
import { report } from './rate.js';

const MOST_PAUSE_MS = 3_000;

const [hups, upgrades, requests] = process.argv.slice(2).map(Number) as [number, number, number];
await using upheaval = await Upheaval.start(['-w', '4', '-k', 'gevent'], { fresh: 8, kept: 8, idle: 16, pauseMs: 20 });
console.error(`seed ${upheaval.load.seed}`);
const events = [...Array<'hup'>(hups).fill('hup'), ...Array<'upgrade'>(upgrades).fill('upgrade')];
while (events.length > 0) {
	const [event] = events.splice(Math.floor(upheaval.random.below(events.length)), 1);
	if (event === 'hup') upheaval.signal('SIGHUP');
	else await upheaval.upgrade(MOST_PAUSE_MS);
	await upheaval.moment(MOST_PAUSE_MS);
}
await upheaval.load.more(Math.max(0, requests - upheaval.load.done), 240_000);
const outcome = await upheaval.load.stop();
console.error(describeLoad(outcome));
if (outcome.requests < requests) throw new Error(`Cannot use this run: only ${outcome.requests} requests were made`);
report(outcome.failed);
