import '../greenlet/run-task.js';
import '../io/net.js';
import { setEngine } from '../engine/engine.js';
import { GreenletThread } from '../engine/threads/greenlet-thread.js';
import type { ThreadSetup } from '../engine/threads/pool.js';
import { openSeat, type ThreadSeat } from '../engine/threads/thread.js';
import { ThreadEngine } from '../engine/threads/thread-engine.js';
import { whileImporting } from '../greenlet/spawn.js';
import { writeOutputDirectly } from './direct-output.js';

/** While preloads run, module code may block, but no greenlet of the app's runs yet. */
const BOOTING = -1;

/** The one piscina task of a pool thread: lasts until the hub sends the thread away. */
export default async function serve({ seat, setup }: { seat: ThreadSeat; setup: ThreadSetup }): Promise<void> {
	const { cell, lane, board } = openSeat(seat);
	const engine = new ThreadEngine(seat.index, cell, board, seat.port);
	setEngine(engine);
	process.argv = [...setup.argv];
	writeOutputDirectly(setup.terminal);
	engine.enter(BOOTING);
	await whileImporting(async () => {
		for (const { url, data } of setup.preloads) {
			const { preload } = (await import(url)) as { preload?: (data: unknown) => unknown };
			await preload?.(data);
		}
	});
	engine.enter(0);
	await new GreenletThread(engine, lane).serve();
}
