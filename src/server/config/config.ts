import { isDeepStrictEqual } from 'node:util';
import { ConfigError } from '../../errors.js';
import * as configFile from './config-file-settings.js';
import * as control from './control.js';
import * as deadlines from './deadlines.js';
import * as debugging from './debugging.js';
import * as dirty from './dirty.js';
import * as http from './http-settings.js';
import * as http2 from './http2.js';
import * as limits from './limits.js';
import * as logging from './logging.js';
import * as processNaming from './process-naming.js';
import * as security from './security.js';
import * as serverMechanics from './server-mechanics.js';
import * as serverSocket from './server-socket.js';
import type { Setting, Support } from './setting.js';
import * as ssl from './ssl.js';
import * as workerProcesses from './worker-processes.js';

/** Every setting that holds data, by gunicorn's name. */
export const SETTINGS = {
	...configFile,
	...serverSocket,
	...workerProcesses,
	...deadlines,
	...limits,
	...security,
	...debugging,
	...serverMechanics,
	...http,
	...logging,
	...processNaming,
	...ssl,
	...http2,
	...dirty,
	...control,
};

type Settings = typeof SETTINGS;

/** The resolved settings under gunicorn's names and in gunicorn's units (seconds); plain data, so that it can cross to a worker. */
export type Config = { readonly [K in keyof Settings]: Settings[K] extends Setting<infer T> ? T : never };

/** The settings as a list, section by section, for the help text, the reference and the command line. */
export const settingList: readonly Setting<unknown>[] = Object.values(SETTINGS);

/**
 * All settings with their defaults, and what differs.
 * @param values what differs; not checked
 */
export function makeConfig(values: Partial<Config> = {}): Config {
	return { ...(Object.fromEntries(settingList.map(({ name, default: value }) => [name, value])) as Config), ...values };
}

/**
 * Refuses a value that would change nothing although its setting is there to change something.
 * @param where the setting as the user spelt it, such as `--keyfile`
 * @throws ConfigError `ERR_CONFIG` when the setting is refused, or not there yet, and the value is neither its default nor harmless
 */
export function requireSupport(setting: Setting<unknown>, where: string, value: unknown): void {
	const { support, harmless } = setting;
	if ([setting.default, ...harmless].some((known) => isDeepStrictEqual(known, value))) return;
	requireWorking(support, where);
}

/**
 * Refuses what does nothing here.
 * @param where it as the user spelt it
 * @throws ConfigError `ERR_CONFIG` when it is refused, or not there yet
 */
export function requireWorking(support: Support, where: string): void {
	if (support.kind === 'works') return;
	throw new ConfigError(`Cannot use ${where}: ${support.kind === 'not yet' ? 'not yet: ' : ''}${support.why}`);
}
