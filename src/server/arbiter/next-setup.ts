import { existsSync } from 'node:fs';
import { HaltServer } from '../../errors.js';
import { checkAccount } from '../worker/account.js';
import { checkBudget } from '../worker/budget.js';
import type { ArbiterOptions, Setup } from './arbiter-options.js';

/** What it takes to read everything afresh. */
export type SetupSources = Pick<ArbiterOptions, 'load' | 'openLogs' | 'rebind' | 'checkApp' | 'pidFile'>;

/**
 * Reads everything afresh for HUP. What it has begun is undone when it fails, so that the current setup serves on.
 * @param stop ends early what takes its time, since nothing new is wanted any more
 * @throws whatever is wrong with the new settings, their logs, addresses or, with `preload_app`, the app
 */
export async function nextSetup(current: Setup, sources: SetupSources, stop: AbortSignal): Promise<Setup> {
	const folder = process.cwd();
	const configuration = await sources.load();
	let next: Setup = { ...current, configuration };
	let moved = false;
	try {
		const { app, config, hooks } = configuration;
		if (app === undefined) throw new HaltServer('no application is given any more', 1);
		checkAccount(config);
		checkBudget(config);
		const logs = sources.openLogs(config);
		next = { ...next, logs };
		hooks.attach(logs.log);
		if (config.preload_app && (await sources.checkApp(app, config, logs.log, stop)) !== 0) throw new HaltServer('the app does not load', 1);
		// A server that is just ending must not leave a pid file behind.
		stop.throwIfAborted();
		sources.pidFile?.rename(config.pidfile);
		moved = true;
		// Last, because the sockets that do not stay are closed then.
		return { ...next, listeners: await sources.rebind(current.listeners, config, logs.log, stop) };
	} catch (error) {
		if (moved) sources.pidFile?.rename(current.configuration.config.pidfile);
		// Reading the settings has gone to the folder of the new ones; the one before may have been removed.
		if (existsSync(folder)) process.chdir(folder);
		await releaseSetup(next, current);
		throw error;
	}
}

/** How long logs that are let go of may take to write what is left, in milliseconds. */
export const LAST_LINES_MS = 1_000;

/** Lets go of whatever of a setup the one in force does not have. */
export async function releaseSetup(setup: Setup, inForce: Setup): Promise<void> {
	for (const listener of setup.listeners) if (!inForce.listeners.includes(listener)) listener.close();
	if (setup.configuration !== inForce.configuration) await setup.configuration.close();
	if (setup.logs !== inForce.logs) await setup.logs.close(LAST_LINES_MS);
}
