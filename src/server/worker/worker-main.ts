import { closeSync } from 'node:fs';
import { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { GreenError, HaltServer } from '../../errors.js';
import { reserveStdin } from '../../io/reserved-stdin.js';
import type { ServerHandle } from '../arbiter/server-handle.js';
import { ErrorLog } from '../log/error-log.js';
import type { SignalQueue } from '../signals.js';
import { loadWorkerClass } from './worker-class.js';
import type { WorkerInstance } from './worker-contract.js';
import { APP_LOAD_ERROR, type Boot, type FromWorker, WORKER_BOOT_ERROR } from './worker-protocol.js';

/** How long a worker that was told to leave at once may take over it, in milliseconds. */
const QUICK_EXIT_MS = 100;

/**
 * Runs the worker of this process from its boot to its exit; never returns.
 * @param signals with the handlers installed already
 */
export async function runWorker(signals: SignalQueue): Promise<never> {
	const log = new ErrorLog();
	let worker: WorkerInstance | undefined;
	process.once('disconnect', () => log.info(`Parent changed, shutting down: ${process.pid}`));
	signals.attach(() => {
		for (const name of signals.take()) handleSignal(name, worker);
	});
	try {
		const boot = await requestBoot();
		log.info(`Booting worker with pid: ${process.pid}`);
		const WorkerClass = await loadWorkerClass(boot.config.worker_class);
		const booting = new WorkerClass({ ...boot, log });
		await booting.init();
		worker = booting;
	} catch (error) {
		return failBoot(log, error);
	}
	tell({ type: 'ready' });
	try {
		await worker.run();
	} catch (error) {
		log.error('Exception in worker process', error);
		return leave(log, CRASHED);
	}
	return leave(log, 0);
}

/** The status with which Node itself ends after an error that nobody caught. */
const CRASHED = 1;

/** How often the first listener may arrive elsewhere than on descriptor 0. */
const MOST_ARRIVALS = 100;

/**
 * Descriptor 0 is vacated for the first listener, which takes the lowest number that is free when it arrives. Another thread of this
 * process (the C library asking for the number of processors, say) may have a file open for a moment just then: the listener is
 * then given back and asked for again.
 */
async function requestBoot(): Promise<Boot> {
	closeSync(0);
	for (let arrivals = 1; ; arrivals++) {
		const { boot, fd } = await receiveBoot();
		if (fd === 0) {
			// Whoever read from the standard input would read from the listening socket.
			reserveStdin();
			Object.defineProperty(process, 'stdin', { value: Readable.from([]), configurable: true, enumerable: true });
			return boot;
		}
		if (arrivals === MOST_ARRIVALS)
			throw new HaltServer(`Cannot boot: the listener arrived as descriptor ${fd}, because something else has opened 0`, WORKER_BOOT_ERROR);
		await nextTurn();
	}
}

function receiveBoot(): Promise<{ boot: Boot; fd: number }> {
	const received = new Promise<{ boot: Boot; fd: number }>((resolve) => {
		process.once('message', (boot: Boot, handle: unknown) => {
			const { fd } = handle as ServerHandle;
			// libuv leaves descriptor 0 open when the handle that brought it is closed.
			(handle as ServerHandle).close();
			resolve({ boot, fd });
		});
	});
	tell({ type: 'handlers' });
	return received;
}

function tell(message: FromWorker): void {
	// An arbiter that cannot be told has died, which arrives as `disconnect`.
	process.send?.(message, undefined, undefined, () => undefined);
}

function handleSignal(name: NodeJS.Signals, worker: WorkerInstance | undefined): void {
	if (!worker) {
		endBy(name);
	} else if (name === 'SIGTERM') {
		worker.handleExit();
	} else {
		worker.handleQuit();
		setTimeout(() => leave(new ErrorLog(), 0), QUICK_EXIT_MS);
	}
}

/** Nothing is in flight before the worker is ready; it ends by the signal itself, so that the arbiter sees no failed boot. */
function endBy(name: NodeJS.Signals): void {
	process.removeAllListeners(name);
	process.kill(process.pid, name);
}

function failBoot(log: ErrorLog, error: unknown): never {
	const appFault = error instanceof GreenError && error.code === 'ERR_APP_IMPORT';
	if (appFault) log.error(error.message, error.cause);
	else log.error('Exception in worker process', error);
	return leave(log, appFault ? APP_LOAD_ERROR : WORKER_BOOT_ERROR);
}

function leave(log: ErrorLog, status: number): never {
	log.info(`Worker exiting (pid: ${process.pid})`);
	tell({ type: 'leaving' });
	process.exit(status);
}
