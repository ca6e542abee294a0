import { ConfigError } from '../../errors.js';
import * as serverSocket from './server-socket.js';
import type { Setting } from './setting.js';
import * as workerProcesses from './worker-processes.js';

/** Every setting, by gunicorn's name. */
export const SETTINGS = { ...serverSocket, ...workerProcesses };

type Settings = typeof SETTINGS;

/** The resolved settings under gunicorn's names and in gunicorn's units (seconds); plain data, so that it can cross to a worker. */
export type Config = { readonly [K in keyof Settings]: Settings[K] extends Setting<infer T> ? T : never };

/** The settings as a list, for the help text and the command line. */
export const settingList: readonly Setting<unknown>[] = Object.values(SETTINGS);

/**
 * Resolves the settings.
 * @param given the texts given for each setting, by its name; a setting without any keeps its default
 * @throws ConfigError `ERR_CONFIG` when a text is not what its setting needs
 */
export function resolveConfig(given: ReadonlyMap<string, readonly string[]> = new Map()): Config {
	const entries = settingList.map((setting) => [setting.name, resolveSetting(setting, given.get(setting.name))]);
	return Object.fromEntries(entries) as Config;
}

function resolveSetting(setting: Setting<unknown>, texts: readonly string[] | undefined): unknown {
	if (!texts) return setting.default;
	try {
		return setting.parse(texts);
	} catch (cause) {
		if (!(cause instanceof RangeError)) throw cause;
		throw new ConfigError(`Cannot use ${setting.flags.at(-1)} ${texts.join(' ')}: ${cause.message}`, { cause });
	}
}
