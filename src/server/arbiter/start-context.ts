import { startDirectory } from '../start-directory.js';

/** How this process was started, so that it can be started again the same way. */
export interface StartContext {
	readonly execPath: string;
	/** Arguments of Node's own. */
	readonly execArgv: readonly string[];
	/** The script and its arguments. */
	readonly args: readonly string[];
	readonly cwd: string;
	readonly env: Readonly<NodeJS.ProcessEnv>;
	/** The pid of the master that started this one to take over from it; undefined for a first one. */
	readonly masterPid: number | undefined;
	/** Whether this is the process in the background that `daemonize` has started. */
	readonly daemonized: boolean;
}

/** Tells a process that it is the one in the background. */
export const DAEMON_VARIABLE = 'TSGUNICORN_DAEMON';

/** What is said to this process alone. */
const OWN_VARIABLES = ['GUNICORN_PID', DAEMON_VARIABLE];

/**
 * Notes how this process was started, and removes from the environment what is meant for it alone. To be called once, after the inherited sockets have
 * been taken, and before anything changes the current directory or the environment.
 */
export function captureStart(): StartContext {
	const { GUNICORN_PID, [DAEMON_VARIABLE]: daemon } = process.env;
	for (const name of OWN_VARIABLES) delete process.env[name];
	return {
		execPath: process.execPath,
		execArgv: process.execArgv,
		args: process.argv.slice(1),
		cwd: startDirectory(),
		env: { ...process.env },
		masterPid: Number(GUNICORN_PID) || undefined,
		daemonized: daemon !== undefined,
	};
}
