import { SystemClock } from '../clock.js';
import { ConfigError, HaltServer } from '../errors.js';
import { Arbiter } from './arbiter/arbiter.js';
import { createListeners } from './arbiter/listeners.js';
import { helpText, parseCommandLine } from './config/command-line.js';
import { resolveConfig } from './config/config.js';
import { ErrorLog } from './log/error-log.js';
import type { SignalQueue } from './signals.js';
import { packageVersion } from './version.js';

/** The exit status for a command line that cannot be read, as gunicorn's. */
const USAGE_ERROR = 2;

/**
 * Runs the server as the command line says.
 * @param args without the program itself
 * @param signals with the handlers installed already
 * @returns the exit status, once no worker is left
 */
export async function runServer(args: readonly string[], signals: SignalQueue): Promise<number> {
	const log = new ErrorLog();
	try {
		const { help, version, app, given } = parseCommandLine(args);
		if (help) return print(helpText());
		if (version) return print(`tsgunicorn (version ${packageVersion()})\n`);
		const config = resolveConfig(given);
		if (app === undefined) throw new HaltServer('Cannot start: no application given, such as app.js:handler', 1);
		const listeners = await createListeners(config.bind, config.backlog);
		return await new Arbiter({ app, config, listeners, log, clock: new SystemClock(), signals }).run();
	} catch (error) {
		if (error instanceof ConfigError) {
			process.stderr.write(`tsgunicorn: ${error.message}\n`);
			return USAGE_ERROR;
		}
		if (!(error instanceof HaltServer)) throw error;
		log.error(error.message);
		return error.exitStatus;
	}
}

function print(text: string): number {
	process.stdout.write(text);
	return 0;
}
