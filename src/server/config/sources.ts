import { ConfigError } from '../../errors.js';
import type { CommandLine } from './command-line.js';
import { type Config, makeConfig, requireSupport, settingList } from './config.js';
import type { Setting } from './setting.js';

/** A value with the place it comes from, as an error would name it. */
interface Sourced {
	readonly value: unknown;
	readonly where: string;
}

/** The settings that one source gives, by their names. */
export type Layer = ReadonlyMap<string, Sourced>;

/**
 * The settings that the environment gives: `PORT`, `WEB_CONCURRENCY`, `FORWARDED_ALLOW_IPS`, `SENDFILE`.
 * @throws ConfigError `ERR_CONFIG` when a variable is not what its setting needs
 */
export function fromEnvironment(env: NodeJS.ProcessEnv): Layer {
	const layer = new Map<string, Sourced>();
	for (const { name, env: source, kind } of settingList) {
		const given = source && env[source.variable];
		const text = given === undefined ? undefined : source?.text(given);
		if (text === undefined) continue;
		const where = `the environment's ${source?.variable}=${given}`;
		layer.set(name, { where, value: explained(where, () => kind.parse([text])) });
	}
	return layer;
}

/**
 * The settings that a command line gives.
 * @param origin said in errors before the flag; default: nothing
 * @throws ConfigError `ERR_CONFIG` when a text is not what its setting needs
 */
export function fromCommandLine({ given }: CommandLine, origin = ''): Layer {
	return new Map(
		[...given.values()].map(({ setting, flag, texts }) => {
			const where = `${origin}${flag}`;
			return [setting.name, { where, value: explained([where, ...texts].join(' '), () => setting.kind.parse(texts)) }] as const;
		}),
	);
}

/**
 * The settings that a config file gives.
 * @param path the file, for errors
 * @throws ConfigError `ERR_CONFIG` for a value of the wrong type
 */
export function fromFile(path: string, values: ReadonlyMap<Setting<unknown>, unknown>): Layer {
	return new Map(
		[...values].map(([{ name, kind }, value]) => {
			const where = `${name} in ${path}`;
			return [name, { where, value: explained(`${where}, which is ${describe(value)}`, () => kind.check(value)) }] as const;
		}),
	);
}

/**
 * Makes the settings from their sources.
 * @param layers each wins over those before it
 * @throws ConfigError `ERR_CONFIG` when a setting that does nothing here is given another value than its default
 */
export function mergeLayers(...layers: readonly Layer[]): Config {
	const merged = new Map(layers.flatMap((layer) => [...layer]));
	for (const setting of settingList) {
		const sourced = merged.get(setting.name);
		if (sourced) requireSupport(setting, sourced.where, sourced.value);
	}
	return makeConfig(Object.fromEntries([...merged].map(([name, { value }]) => [name, value])) as Partial<Config>);
}

function explained<T>(where: string, read: () => T): T {
	try {
		return read();
	} catch (cause) {
		if (!(cause instanceof RangeError)) throw cause;
		throw new ConfigError(`Cannot use ${where}: ${cause.message}`, { cause });
	}
}

function describe(value: unknown): string {
	const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
	return `${value === null ? '' : `${Array.isArray(value) ? 'array' : typeof value} `}${text.length > 60 ? `${text.slice(0, 57)}...` : text}`;
}
