import { isMainThread, MessageChannel, SHARE_ENV, Worker } from 'node:worker_threads';
import { PRELOAD, SHUTDOWN } from '../engine/core-operations.js';
import { partDecided, refuseEngine, setEngineStarter } from '../engine/engine.js';
import { type FromHub, ThreadEngine } from '../engine/threads/thread-engine.js';
import { Board, Cell } from '../engine/threads/wire.js';
import { HubStoppedError } from '../errors.js';
import { setCurrentName } from '../greenlet/current.js';
import { setMainModule } from '../greenlet/main-module.js';
import { terminalShape } from './direct-output.js';
import { endHard } from './end-hard.js';
import { entryRuns, entryUrl, threadFlags, watchEntry } from './entry-module.js';
import type { HubThreadData } from './hub-thread.js';
import { mainCallbacksAllowed, resolveOptions } from './options.js';
import { onPreload, preloads } from './preloads.js';

/*
 * Script mode: under plain `node` the main thread is the main greenlet, and the hub is a thread that starts on first
 * need. Importing this module chooses the mode, unless the thread has got its part already.
 */
if (!partDecided()) {
	if (isMainThread) becomeScript();
	else refuseEngine('foreign');
}

function becomeScript(): void {
	setEngineStarter(startScript, mayPark);
	const url = entryUrl();
	if (url !== undefined) setMainModule(url);
	watchEntry();
}

/** Whether parking the main thread stops nobody but the program itself. */
function mayPark(): boolean {
	return entryRuns() || mainCallbacksAllowed();
}

function startScript(): ThreadEngine {
	const runtime = resolveOptions();
	const board = new Board(runtime.maxGreenlets + 1);
	const cell = new Cell();
	const { port1, port2 } = new MessageChannel();
	const seat = { index: 0, cell: cell.memory, board: board.memory, port: port2 };
	const workerData: HubThreadData = { seat, runtime, preloads: preloads(), argv: process.argv, terminal: terminalShape() };
	const flags = threadFlags();
	const hub = new Worker(new URL('./hub-thread.js', import.meta.url), {
		workerData,
		transferList: [port2],
		env: SHARE_ENV,
		...(flags && { execArgv: flags }),
		name: 'tsgevent hub',
	});
	hub.unref();
	const engine = new ThreadEngine(0, cell, board, port1);
	cell.greenlet = board.takeId();
	engine.enter(cell.greenlet);
	setCurrentName('main');
	engine.refusal = () => (mayPark() ? undefined : 'the entry module has been evaluated, so this is a callback of the main event loop');
	engine.onHubStopped = (error) => {
		console.error(error.message);
		process.exit(1);
	};
	onPreload((preload) => engine.post(PRELOAD, preload));
	keepAlive(engine, hub);
	endWithProcess(engine, hub);
	return engine;
}

/** Live greenlets keep the process alive, the hub and idle threads do not: the hub's thread is referenced while there are any. */
function keepAlive(engine: ThreadEngine, hub: Worker): void {
	let kept = 0;
	engine.keepAlive = () => {
		kept++;
		hub.ref();
	};
	engine.onBell = (message: FromHub) => {
		// Only if the hub had heard of the last of them: it may have crossed the message.
		if (typeof message === 'object' && 'idle' in message && message.idle === kept) hub.unref();
	};
}

function endWithProcess(engine: ThreadEngine, hub: Worker): void {
	let ending = false;
	hub.on('exit', (code) => {
		if (!ending) engine.onHubStopped(new HubStoppedError(`its thread exited with code ${code}`));
	});
	process.on('exit', () => {
		ending = true;
		if (engine.board.stopped !== undefined) return;
		engine.refusal = () => undefined;
		if (!engine.call(SHUTDOWN)) endHard();
	});
}
