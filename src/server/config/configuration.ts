import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { ConfigError } from '../../errors.js';
import { nearest } from '../nearest.js';
import { startDirectory } from '../start-directory.js';
import { type CommandLine, parseCommandLine } from './command-line.js';
import { type Config, makeConfig, requireWorking, settingList } from './config.js';
import { ConfigFile, NO_HOOKS, type ServerHooks } from './config-file.js';
import { findConfigFile } from './config-file-path.js';
import { hookList } from './server-hooks.js';
import type { Setting } from './setting.js';
import { fromCommandLine, fromEnvironment, fromFile, type Layer, mergeLayers } from './sources.js';
import { splitWords } from './split-words.js';
import { UsageError } from './usage-error.js';

/** Everything that the command line, the environment and the config file say. */
export interface Configuration {
	/** `module:name`; `undefined` when neither the command line nor `wsgi_app` says. */
	readonly app: string | undefined;
	readonly config: Config;
	/** The config file, if there is one. */
	readonly file: ConfigFile | undefined;
	/** Its hooks that run beside the arbiter. */
	readonly hooks: ServerHooks;
	/** The command line wants the help text; nothing else has been read. */
	readonly help: boolean;
	/** The command line wants the version; nothing else has been read. */
	readonly version: boolean;
	/** The app is to be checked, and no server started; `printConfig` implies it. */
	readonly checkConfig: boolean;
	readonly printConfig: boolean;
	/** Ends the thread of the config file; its hooks do nothing from then on. */
	close(): Promise<void>;
}

const CMD_ARGS = 'GUNICORN_CMD_ARGS';

/** Where the process was started: paths on the command line stay relative to it, whatever `chdir` says, on every HUP. */
const START_DIRECTORY = startDirectory();

/**
 * Reads all settings afresh: defaults, the environment, the config file, `GUNICORN_CMD_ARGS`, the command line; each wins over those
 * before it. Changes the current directory to `chdir`, once all is well.
 * @param args the command line without the program itself
 * @param directory what relative paths are relative to; default: where the process was started
 * @throws ConfigError `ERR_CONFIG` in one sentence with the source that is at fault, a `UsageError` when the command line or
 *   `GUNICORN_CMD_ARGS` cannot be read; nothing has been changed then
 */
export async function loadConfiguration(
	args: readonly string[],
	env: NodeJS.ProcessEnv,
	directory: string = START_DIRECTORY,
): Promise<Configuration> {
	const line = parseCommandLine(args);
	if (line.help || line.version) return { ...configurationOf(line, makeConfig(), undefined), help: line.help, version: line.version };
	const extra = parseExtraArguments(env);
	const path = findConfigFile(configPath(line) ?? configPath(extra), directory);
	const file = path === undefined ? undefined : await ConfigFile.load(path);
	try {
		const layers = [fromEnvironment(env), file ? layerOf(file) : new Map(), fromCommandLine(extra, `${CMD_ARGS} `), fromCommandLine(line)];
		const merged = mergeLayers(...layers);
		const config = { ...merged, config: path ?? null, chdir: resolve(directory, merged.chdir) };
		changeDirectory(config.chdir);
		return configurationOf(line, config, file);
	} catch (error) {
		await file?.close();
		throw error;
	}
}

function configurationOf(line: CommandLine, config: Config, file: ConfigFile | undefined): Configuration {
	return {
		app: line.app ?? config.wsgi_app ?? undefined,
		config,
		file,
		hooks: file ?? NO_HOOKS,
		help: false,
		version: false,
		checkConfig: config.check_config || config.print_config,
		printConfig: config.print_config,
		close: async () => file?.close(),
	};
}

function parseExtraArguments(env: NodeJS.ProcessEnv): CommandLine {
	const words = splitWords(env[CMD_ARGS] ?? '', CMD_ARGS);
	try {
		const line = parseCommandLine(words);
		if (line.app === undefined) return line;
		throw new UsageError(`Cannot serve '${line.app}' here: the app stands on the command line, or is wsgi_app`);
	} catch (cause) {
		if (!(cause instanceof UsageError)) throw cause;
		throw new UsageError(`${cause.message} (in ${CMD_ARGS})`, { cause });
	}
}

function configPath({ given }: CommandLine): string | undefined {
	return given.get('config')?.texts.at(-1);
}

/** Checks every name that the file exports. */
function layerOf({ path, contents }: ConfigFile): Layer {
	const values = new Map<Setting<unknown>, unknown>();
	for (const [name, value] of contents.values) {
		const setting = settingList.find((candidate) => candidate.name === name);
		const hook = hookList.find((candidate) => candidate.name === name);
		if (name === 'config') throw new ConfigError(`Cannot use config in ${path}: a config file names no other`);
		if (setting) values.set(setting, value);
		else if (!hook) throw unknownName(name, path);
		else if (value !== null && value !== undefined)
			throw new ConfigError(`Cannot use ${name} in ${path}: a function is needed, not ${typeof value}`);
	}
	for (const name of contents.functions) checkHook(name, path);
	for (const name of contents.others) {
		if (!settingList.some((setting) => setting.name === name)) throw unknownName(name, path);
		throw new ConfigError(`Cannot use ${name} in ${path}: plain data is needed, without functions or symbols inside`);
	}
	return fromFile(path, values);
}

function checkHook(name: string, path: string): void {
	const hook = hookList.find((candidate) => candidate.name === name);
	if (!hook && settingList.some((setting) => setting.name === name))
		throw new ConfigError(`Cannot use ${name} in ${path}: it is a function; a value is needed`);
	if (!hook) throw unknownName(name, path);
	requireWorking(hook.support, `${name} in ${path}`);
}

function unknownName(name: string, path: string): ConfigError {
	const guess = nearest(
		name,
		[...settingList, ...hookList].map((known) => known.name),
	);
	const advice = guess ? `did you mean ${guess}?` : 'a name of your own must begin with _';
	return new ConfigError(`Cannot use ${name} in ${path}: there is no such setting; ${advice}`);
}

function changeDirectory(path: string): void {
	try {
		if (!statSync(path).isDirectory()) throw new Error('it is not a folder');
		process.chdir(path);
	} catch (cause) {
		throw new ConfigError(`Cannot change to the folder ${path} (chdir): ${(cause as Error).message}`, { cause });
	}
}
