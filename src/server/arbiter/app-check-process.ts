// The entry of the process in which an app is only loaded, exactly as a worker of its class would, to see whether it can be.
import { once } from 'node:events';
import { GreenError } from '../../errors.js';
import { type ErrorReport, reportError } from '../config/config-thread-messages.js';
import { NO_WORKER_HOOKS } from '../config/worker-hooks.js';
import { logTo } from '../log/log-to.js';
import { dropPrivileges } from '../worker/privileges.js';
import { startWatchdog } from '../worker/watchdog.js';
import { loadWorkerClass } from '../worker/worker-class.js';
import type { ArbiterLink } from '../worker/worker-contract.js';
import { APP_LOAD_ERROR, WATCHDOG_FD, WORKER_BOOT_ERROR } from '../worker/worker-protocol.js';
import type { AppCheckRequest, FromAppCheck } from './app-check-messages.js';

function tell(message: FromAppCheck): Promise<void> {
	return new Promise((resolve) => {
		// Whoever cannot be told has died, which ends this process.
		process.send?.(message, undefined, undefined, () => resolve());
	});
}

function causesOf(error: unknown): ErrorReport[] {
	if (error === undefined) return [];
	return [reportError(error), ...(error instanceof Error && error.cause !== undefined ? causesOf(error.cause) : [])];
}

const log = logTo((level, text, cause) => void tell({ type: 'log', level, text, causes: causesOf(cause) }));

const arbiter: ArbiterLink = {
	beat: () => undefined,
	retire: () => undefined,
	fetchListener: () => Promise.reject(new Error('An app that is only checked has no listeners')),
};

/** The errors of an app that does not load are shown, not served. */
async function check({ app, config: given }: AppCheckRequest): Promise<number> {
	const config = { ...given, reload: false };
	try {
		dropPrivileges(config);
		const WorkerClass = await loadWorkerClass(config);
		const context = {
			age: 0,
			app,
			config,
			log,
			access: undefined,
			hooks: NO_WORKER_HOOKS,
			arbiter,
			listeners: [],
			requestStacks: () => undefined,
		};
		await new WorkerClass(context).initProcess();
		return 0;
	} catch (error) {
		const appFault = error instanceof GreenError && error.code === 'ERR_APP_IMPORT';
		if (appFault) log.error(error.message, error.cause);
		else log.error('Exception in worker process', error);
		return appFault ? APP_LOAD_ERROR : WORKER_BOOT_ERROR;
	}
}

process.once('disconnect', () => process.exit(WORKER_BOOT_ERROR));
startWatchdog({ fd: WATCHDOG_FD, log });
const [request] = (await once(process, 'message')) as [AppCheckRequest];
const status = await check(request);
await tell({ type: 'end', status });
process.exit(status);
