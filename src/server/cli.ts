import { ConfigError, HaltServer } from '../errors.js';
import { packageVersion } from '../runtime/version.js';
import { checkApp } from './arbiter/app-check.js';
import { daemonize, Launcher } from './arbiter/daemon.js';
import { type InheritedSocket, takeInheritedSockets } from './arbiter/inherited-sockets.js';
import { captureStart, type StartContext } from './arbiter/start-context.js';
import { type Configuration, loadConfiguration } from './config/configuration.js';
import { helpText, printedConfig } from './config/help.js';
import { UsageError } from './config/usage-error.js';
import { openLogs } from './log/open-logs.js';
import { serve, stoppable } from './serve.js';
import type { SignalQueue } from './signals.js';
import { checkAccount } from './worker/account.js';

/** The exit status for a command line that cannot be read, as gunicorn's. */
const USAGE_ERROR = 2;

/** The exit status for a setting whose value cannot be used, wherever it comes from, and for a config file that does not load. */
const BAD_SETTING = 1;

/** The exit status of `--check-config` when the app does not load, as gunicorn's. */
const CHECK_FAILED = 1;

/** How long the logs may take to write what is left when the server could not start, in milliseconds. */
const LAST_LINES_MS = 1_000;

/** What this process was started with. */
interface Start {
	readonly context: StartContext;
	readonly inherited: readonly InheritedSocket[] | undefined;
	readonly signals: SignalQueue;
	readonly launcher: Launcher;
	/** Reads the configuration afresh. */
	readonly load: () => Promise<Configuration>;
}

/**
 * Runs the server as the command line says.
 * @param args without the program itself
 * @param signals with the handlers installed already
 * @returns the exit status, once no worker is left
 */
export async function runServer(args: readonly string[], signals: SignalQueue): Promise<number> {
	// The sockets first: what is noted as the environment of the start is to name none.
	const inherited = takeInheritedSockets();
	const context = captureStart();
	const launcher = new Launcher(context.daemonized);
	try {
		const load = () => loadConfiguration(args, context.env);
		const configuration = await load();
		return informed(configuration) ?? (await start(configuration, { context, inherited, signals, launcher, load }));
	} catch (error) {
		if (!(error instanceof ConfigError) && !(error instanceof HaltServer)) {
			// Who is in the background has no standard error to die on.
			launcher.say(`${error instanceof Error ? error.stack : String(error)}\n`);
			throw error;
		}
		const text = `tsgunicorn: ${error.message}\n`;
		process.stderr.write(text);
		launcher.say(text);
		if (error instanceof HaltServer) return error.exitStatus;
		return error instanceof UsageError ? USAGE_ERROR : BAD_SETTING;
	}
}

/** Prints what was asked for; the exit status when that was all. */
function informed(configuration: Configuration): number | undefined {
	if (configuration.help) return print(helpText());
	if (configuration.version) return print(`tsgunicorn (version ${packageVersion()})\n`);
	if (configuration.printConfig) print(printedConfig(configuration));
	return undefined;
}

async function start(configuration: Configuration, { context, signals, launcher, ...rest }: Start): Promise<number> {
	const { app, config } = configuration;
	if (app === undefined) throw new HaltServer('Cannot start: no application given, such as app.js:handler', 1);
	checkAccount(config);
	// A second master is in the background already.
	if (config.daemon && !configuration.checkConfig && !context.daemonized && context.masterPid === undefined) {
		await configuration.close();
		return daemonize(context, config, signals);
	}
	const opened = openLogs(config, { role: 'arbiter' });
	const logs = context.daemonized ? { ...opened, log: launcher.tee(opened.log) } : opened;
	try {
		if (!configuration.checkConfig) return await serve({ app, configuration, logs, context, signals, launcher, ...rest });
		const status = await stoppable(signals, (signal) => checkApp(app, config, logs.log, signal));
		await logs.close(LAST_LINES_MS);
		return status === 0 ? 0 : CHECK_FAILED;
	} catch (error) {
		if (!(error instanceof HaltServer)) throw error;
		logs.log.error(error.message);
		await logs.close(LAST_LINES_MS);
		return error.exitStatus;
	}
}

function print(text: string): number {
	process.stdout.write(text);
	return 0;
}
