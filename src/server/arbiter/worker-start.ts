import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Setup } from './arbiter-options.js';
import { layOut } from './listeners.js';
import { workerEnvironment } from './worker-environment.js';
import { workerEnv, workerExecArgv } from './worker-exec-argv.js';

/**
 * Starts the process of a worker, which does nothing until it is sent `Boot`.
 * @param slot from 0; no two that live at the same time have the same
 */
export function startProcess({ configuration, logs, listeners }: Setup, slot: number): ChildProcess {
	const script = fileURLToPath(new URL('../worker/worker-process.js', import.meta.url));
	const { config } = configuration;
	const output = logs.outputFd() ?? 'inherit';
	return spawn(process.execPath, [...workerExecArgv(config, slot), script], {
		env: { ...workerEnv(), ...workerEnvironment(config.raw_env) },
		stdio: ['ignore', output, output, 'ipc', 'pipe', ...layOut(listeners).further],
	});
}
