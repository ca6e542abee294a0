import { Worker as Thread } from 'node:worker_threads';
import { listGreenlets } from '../../hub/greenlet-view.js';
import type { Log } from '../log/log.js';
import { confineHeapLimit } from './heap-limit.js';
import { MOST_GREENLETS } from './stack-report.js';
import type { FromWatchdog, ToWatchdog, WatchdogData } from './watchdog-messages.js';

/** How often the watchdog is told of the greenlets there are, in milliseconds. */
const VIEW_MS = 1_000;

export interface WatchdogOptions {
	/** The descriptor of the line to the arbiter, which nobody else may touch; without one, stacks go to descriptor 2. */
	readonly fd?: number;
	/** Hears of the watchdog's own end. */
	readonly log: Pick<Log, 'error'>;
}

/** The watchdog of this process, as its main thread sees it. It neither keeps the process alive nor holds up its exit. */
export interface Watchdog {
	/**
	 * Writes the stacks of the hub and of all greenlets to the arbiter, which logs them.
	 * @param reason for the text, such as `SIGURG`
	 * @returns when they are written; never rejects
	 */
	requestStacks(reason: string): Promise<void>;
}

/**
 * Starts the thread that watches over this one: it writes everybody's stacks when the arbiter asks, however busy this thread is, and ends the
 * process when the arbiter has died and this thread does not leave. Costs 10 MB (16 on Node 24) and about 30 ms of another core's time.
 *
 * To be called once, on the main thread, which is the hub or will be, before any other thread is started.
 */
export function startWatchdog({ fd, log }: WatchdogOptions): Watchdog {
	confineHeapLimit();
	const data: WatchdogData = fd === undefined ? {} : { fd };
	// Neither the options nor the environment of the process: what an `--import` in NODE_OPTIONS brings has no business there.
	const thread = new Thread(new URL('./watchdog-thread.js', import.meta.url), {
		name: 'watchdog',
		workerData: data,
		execArgv: [],
		env: {},
		argv: [],
		trackUnmanagedFds: false,
	});
	const waiting: (() => void)[] = [];
	let crashed = false;
	const tell = (message: ToWatchdog): void => thread.postMessage(message);
	// What it falls back on when this thread is inside a native call and cannot be asked.
	const views = setInterval(() => tell({ greenlets: listGreenlets(MOST_GREENLETS) }), VIEW_MS).unref();
	thread.on('message', (_: FromWatchdog) => waiting.shift()?.());
	thread.on('error', (error) => {
		crashed = true;
		log.error('The watchdog thread crashed; stalls of this worker will show no stacks', error);
	});
	thread.on('exit', () => {
		clearInterval(views);
		for (const written of waiting.splice(0)) written();
		if (!crashed) log.error('The watchdog thread has ended; stalls of this worker will show no stacks');
	});
	// After the listeners, for the one for messages makes the process wait for the thread again.
	thread.unref();
	return {
		requestStacks: (reason) =>
			new Promise((resolve) => {
				if (thread.threadId < 0) return resolve();
				waiting.push(resolve);
				tell({ reason });
			}),
	};
}
