import { RETIRE } from '../../engine/core-operations.js';
import { block, runningEngine } from '../../engine/engine.js';
import { setStrayHandler } from '../../engine/threads/greenlet-thread.js';
import { registerRunner } from '../../engine/threads/runners.js';
import { reserveStdin } from '../../io/reserved-stdin.js';
import { openThreadLog, type ThreadLogSettings } from '../log/thread-log.js';
import { type App, loadApp } from '../worker/app-loader.js';
import { tolerateOwnListeners } from '../worker/own-listeners.js';
import { RUN_REQUEST, THREAD_READY, WARM_UP } from './http-messages.js';
import { failUncaught, reportLateErrorsTo, serveRequest } from './request-runner.js';
import { adoptRequestSignals } from './request-signal.js';

/** What a thread for requests is given when it starts. */
export interface RequestThreadData {
	/** `module:name` */
	readonly app: string;
	/** Where it writes what no request can be blamed for. */
	readonly log: ThreadLogSettings;
}

/**
 * Prepares a greenlet thread for requests: loads the app and says what greenlets of a request's kind do.
 *
 * An app that cannot be loaded does not end the thread, for an error that ends a thread arrives without its class and its
 * cause: every greenlet throws it instead, the first one while the worker boots.
 *
 * @param data a `RequestThreadData`
 */
export async function preload(data: unknown): Promise<void> {
	const { app: spec, log: settings } = data as RequestThreadData;
	const log = openThreadLog(settings);
	reserveStdin();
	tolerateOwnListeners(log);
	reportLateErrorsTo(log);
	// Where Node would end the process, the request that has caused the error fails, and the thread takes no other one.
	setStrayHandler((error) => {
		if (!failUncaught(error)) log.error('Uncaught error in a greenlet thread, which will be replaced', error);
		runningEngine()?.post(RETIRE);
	});
	let app: () => App;
	try {
		const loaded = await loadApp(spec);
		app = () => loaded;
	} catch (error) {
		app = () => {
			throw error;
		};
	}
	adoptRequestSignals();
	registerRunner(WARM_UP, () => {
		app();
		block(THREAD_READY);
	});
	registerRunner(RUN_REQUEST, (flags, remotePort, localPort, headLength, bytes) =>
		serveRequest(app(), flags, remotePort, localPort, headLength, bytes),
	);
}
