import { SystemClock } from '../clock.js';
import { checkApp } from './arbiter/app-check.js';
import { Arbiter } from './arbiter/arbiter.js';
import type { ServiceNotifier } from './arbiter/arbiter-options.js';
import type { Launcher } from './arbiter/daemon.js';
import type { InheritedSocket } from './arbiter/inherited-sockets.js';
import { createListeners, type ListenOptions, rebind } from './arbiter/listeners.js';
import { PidFile } from './arbiter/pid-file.js';
import { processName } from './arbiter/process-title.js';
import { Reloader } from './arbiter/reloader.js';
import { serverView } from './arbiter/server-view.js';
import type { StartContext } from './arbiter/start-context.js';
import { SystemdNotifier } from './arbiter/systemd.js';
import { Upgrade } from './arbiter/upgrade.js';
import type { Configuration } from './config/configuration.js';
import type { Logs } from './log/log.js';
import { logTo } from './log/log-to.js';
import { openLogs } from './log/open-logs.js';
import type { SignalQueue } from './signals.js';
import { checkBudget } from './worker/budget.js';

/** What a server is started with. */
export interface ServerStart {
	readonly app: string;
	readonly configuration: Configuration;
	/** Reads the configuration afresh. */
	readonly load: () => Promise<Configuration>;
	readonly logs: Logs;
	readonly context: StartContext;
	readonly inherited: readonly InheritedSocket[] | undefined;
	readonly signals: SignalQueue;
	readonly launcher: Launcher;
}

/**
 * Takes the pid file and the sockets, and serves until stopped.
 * @returns the exit status, once no worker is left
 * @throws HaltServer when the pid file or a socket cannot be had
 * @throws ConfigError `ERR_CONFIG` when the greenlets asked for do not fit into memory
 */
export async function serve(start: ServerStart): Promise<number> {
	const { app, configuration, logs, context, inherited, signals, launcher } = start;
	const { config } = configuration;
	checkBudget(config);
	configuration.hooks.attach(logs.log);
	const pidFile = new PidFile(process.pid, context.masterPid !== undefined);
	pidFile.rename(config.pidfile);
	// For those who live longer than the settings, and their logs.
	let inForce = logs.log;
	const log = logTo((level, text, cause) => inForce[level](text, cause));
	const systemd = new SystemdNotifier(log);
	const upgrade = new Upgrade({ start: context, log, pidFile, notifier: systemd });
	upgrade.entitle(processName(config, app));
	const options: ListenOptions = { mayUnlink: () => !upgrade.otherLives };
	try {
		const listeners = await stoppable(signals, async (signal) => {
			const starting = configuration.hooks.run('on_starting', serverView({ configuration, listeners: [] }, config.workers));
			await Promise.race([starting, aborted(signal)]);
			return createListeners(config, log, { ...options, inherited, signal });
		});
		return await new Arbiter({
			...{ configuration, logs, listeners, signals, pidFile, upgrade, load: start.load, checkApp },
			clock: new SystemClock(),
			notifier: notifierOf(systemd, upgrade),
			openLogs: (next) => openLogs(next, { role: 'arbiter' }),
			rebind: (current, next, nextLog, signal) => rebind(current, next, nextLog, { ...options, signal }),
			onAdopt: (next) => {
				inForce = next.logs.log;
				upgrade.entitle(processName(next.configuration.config, next.configuration.app ?? app));
			},
			watch: (watched, path, watchLog, onChange) => new Reloader(watched, path, onChange, watchLog),
			onReady: () => launcher.ready(),
		}).run();
	} finally {
		// The arbiter has done so by itself, unless it has never begun.
		pidFile.unlink();
	}
}

/** Signals that end the server. */
const STOPS: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGINT', 'SIGQUIT'];

/**
 * Does something that may take long while no arbiter hears signals; all that come are kept for one.
 * @param work ends early when its signal is aborted, which one that ends the server does
 */
export async function stoppable<T>(signals: SignalQueue, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
	const stop = new AbortController();
	const kept: NodeJS.Signals[] = [];
	signals.attach(() => {
		kept.push(...signals.take());
		if (kept.some((name) => STOPS.includes(name))) stop.abort();
	});
	try {
		return await work(stop.signal);
	} finally {
		signals.attach(() => undefined);
		for (const name of kept) signals.push(name);
	}
}

function aborted(signal: AbortSignal): Promise<void> {
	return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}

/** While two masters live, the end of one of them is not that of the service. */
function notifierOf(systemd: SystemdNotifier, upgrade: Upgrade): ServiceNotifier {
	return {
		ready: () => systemd.ready(),
		reloading: () => systemd.reloading(),
		stopping: () => {
			if (!upgrade.otherLives) systemd.stopping();
		},
	};
}
