import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { Config } from '../config/config.js';
import { type ErrorReport, reviveError } from '../config/config-thread-messages.js';
import type { Log } from '../log/log.js';
import { WATCHDOG_FD, WORKER_BOOT_ERROR } from '../worker/worker-protocol.js';
import type { AppCheckRequest, FromAppCheck } from './app-check-messages.js';
import { workerEnvironment } from './worker-environment.js';
import { workerEnv, workerExecArgv } from './worker-exec-argv.js';

const SCRIPT = fileURLToPath(new URL('./app-check-process.js', import.meta.url));

/**
 * Loads the app in a process of its own, exactly as a worker would, which is then thrown away.
 * @param log hears what is wrong
 * @param signal ends the check
 * @returns the exit status of a worker that did the same: 0, 3 when it failed to boot, took longer than `boot_timeout` or was ended, 4 when
 * the app does not load; never rejects
 */
export async function checkApp(app: string, config: Config, log: Log, signal?: AbortSignal): Promise<number> {
	const child = startProcess(config);
	// It may come before anybody waits for the end.
	const ended = once(child, 'close');
	ended.catch(() => undefined);
	const end = () => child.kill('SIGKILL');
	const deadline = config.boot_timeout > 0 ? setTimeout(() => giveUp(app, config, log, end), config.boot_timeout * 1_000) : undefined;
	signal?.addEventListener('abort', end);
	if (signal?.aborted) end();
	let checked: number | undefined;
	try {
		child.on('message', (message: FromAppCheck) => {
			if (message.type === 'log') log[message.level](message.text, reviveCauses(message.causes));
			else checked = message.status;
		});
		const request: AppCheckRequest = { app, config };
		// A process that is gone before it is asked shows in its exit.
		child.send(request, () => undefined);
		const [status, killedBy] = (await ended) as [number | null, NodeJS.Signals | null];
		if (checked !== undefined) return checked;
		if (!child.killed) log.error(`The process that loads app '${app}' has ended by itself, with ${killedBy ?? `status ${status}`}`);
	} catch (error) {
		log.error(`Cannot start the process that loads app '${app}'`, error);
	} finally {
		clearTimeout(deadline);
		signal?.removeEventListener('abort', end);
	}
	return WORKER_BOOT_ERROR;
}

function startProcess(config: Config): ChildProcess {
	const child = spawn(process.execPath, [...workerExecArgv({ ...config, inspect: null }, 0), SCRIPT], {
		env: { ...workerEnv(), ...workerEnvironment(config.raw_env) },
		stdio: ['ignore', 'inherit', 'inherit', 'ipc', 'pipe'],
		serialization: 'advanced',
	});
	// Its mere end tells the process that the arbiter has died. Where no process could be started there may be no streams.
	const line = (child.stdio as ChildProcess['stdio'] | undefined)?.[WATCHDOG_FD] as Readable | null | undefined;
	line?.resume().on('error', () => child.kill('SIGKILL'));
	return child;
}

function giveUp(app: string, { boot_timeout }: Config, log: Log, end: () => void): void {
	log.error(`App '${app}' was not loaded within ${boot_timeout} s (boot_timeout)`);
	end();
}

/** The errors again, each the cause of the one before it. */
function reviveCauses([first, ...more]: readonly ErrorReport[]): Error | undefined {
	if (!first) return undefined;
	const error = reviveError(first);
	const cause = reviveCauses(more);
	return cause ? Object.assign(error, { cause }) : error;
}
