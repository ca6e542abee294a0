import { workerData } from 'node:worker_threads';
import { PRELOAD } from '../engine/core-operations.js';
import { refuseEngine } from '../engine/engine.js';
import type { Preload, TerminalShape } from '../engine/threads/pool.js';
import { openSeat, Thread, type ThreadSeat } from '../engine/threads/thread.js';
import type { Board, Cell } from '../engine/threads/wire.js';
import { writeOutputDirectly } from './direct-output.js';
import type { ResolvedOptions } from './options.js';

/** What script mode's main thread hands to its hub thread. */
export interface HubThreadData {
	readonly seat: ThreadSeat;
	readonly runtime: ResolvedOptions;
	readonly preloads: readonly Preload[];
	readonly argv: readonly string[];
	readonly terminal: TerminalShape;
}

const data = workerData as HubThreadData;
refuseEngine('hub');
writeOutputDirectly(data.terminal);
const { cell, lane, board } = openSeat(data.seat);
watchOver(cell, board);
void start();

async function start(): Promise<void> {
	const { seat, runtime, preloads, argv, terminal } = data;
	// Not before somebody watches: a failure to load must not leave the main thread asleep either.
	const { startHub } = await import('./start-hub.js');
	const main = new Thread(seat.index, cell, lane, seat.port, () => undefined);
	const modules = [...preloads];
	const hub = await startHub({ runtime, preloads: () => modules, argv, terminal, board });
	hub.handle(PRELOAD, (_request, preload) => {
		modules.push(preload);
		hub.exchange.replaceThreads();
	});
	const record = hub.adoptMain(main);
	hub.onLive((live) => {
		if (!live) seat.port.postMessage({ idle: record.kept });
	});
	seat.port.on('message', (message) => hub.exchange.message(main, message));
	// The main thread may have asked before anybody could listen to its bell.
	hub.exchange.attend();
}

/**
 * When the hub ends, whatever the reason, the main thread would sleep for ever: its event loop, which could hear of the
 * end, stands still. So the last act here is to say so in the memory it waits on.
 */
function watchOver(cell: Cell, board: Board): void {
	process.on('uncaughtException', (error) => {
		console.error('The hub thread crashed:', error);
		process.exit(1);
	});
	process.on('exit', (code) => {
		board.stop(code);
		cell.answerStopped();
	});
}
