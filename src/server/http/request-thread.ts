import { RETIRE } from '../../engine/core-operations.js';
import { block, runningEngine } from '../../engine/engine.js';
import { setStrayHandler } from '../../engine/threads/greenlet-thread.js';
import { registerRunner } from '../../engine/threads/runners.js';
import { reserveStdin } from '../../io/reserved-stdin.js';
import { ErrorLog } from '../log/error-log.js';
import { type App, loadApp } from '../worker/app-loader.js';
import { RUN_REQUEST, THREAD_READY, WARM_UP } from './http-messages.js';
import { failUncaught, serveRequest } from './request-runner.js';
import { adoptRequestSignals } from './request-signal.js';

/**
 * Prepares a greenlet thread for requests: loads the app and says what greenlets of a request's kind do.
 *
 * An app that cannot be loaded does not end the thread, for an error that ends a thread arrives without its class and its
 * cause: every greenlet throws it instead, the first one while the worker boots.
 *
 * @param spec the app: `module:name`
 */
export async function preload(spec: unknown): Promise<void> {
	reserveStdin();
	setStrayHandler(retireAfter);
	let app: () => App;
	try {
		const loaded = await loadApp(spec as string);
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

/** Where Node would end the process, the request that has caused the error fails, and the thread takes no other one. */
function retireAfter(error: unknown): void {
	if (!failUncaught(error)) new ErrorLog().error('Uncaught error in a greenlet thread, which will be replaced', error);
	runningEngine()?.post(RETIRE);
}
