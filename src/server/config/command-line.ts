import { parseArgs } from 'node:util';
import { ConfigError } from '../../errors.js';
import { nearest } from '../nearest.js';
import { settingList } from './config.js';

/** What the command line asks for. */
export interface CommandLine {
	readonly help: boolean;
	readonly version: boolean;
	/** `module:name`, when given. */
	readonly app: string | undefined;
	/** The texts given for each setting, by its name. */
	readonly given: ReadonlyMap<string, readonly string[]>;
}

const EXTRA_FLAGS: Record<string, 'help' | 'version'> = { '-h': 'help', '--help': 'help', '-v': 'version', '--version': 'version' };

/**
 * Reads the command line in gunicorn's spellings.
 * @param args without the program itself
 * @throws ConfigError `ERR_CONFIG` for a flag that does not exist, or lacks its value, and for a second app
 */
export function parseCommandLine(args: readonly string[]): CommandLine {
	const { tokens } = parseArgs({ args: [...args], options: parseOptions(), strict: false, allowPositionals: true, tokens: true });
	const given = new Map<string, string[]>();
	const extras = new Set<string>();
	const apps: string[] = [];
	for (const token of tokens) {
		if (token.kind === 'positional') apps.push(token.value);
		if (token.kind !== 'option') continue;
		const extra = EXTRA_FLAGS[token.rawName];
		if (extra) extras.add(extra);
		else addSetting(given, token.rawName, token.value);
	}
	if (apps.length > 1) throw new ConfigError(`Cannot serve ${apps.length} apps: one is needed, '${apps.join("', '")}' were given`);
	return { help: extras.has('help'), version: extras.has('version'), app: apps[0], given };
}

function parseOptions(): Record<string, { type: 'string' | 'boolean'; short?: string }> {
	const options: Record<string, { type: 'string' | 'boolean'; short?: string }> = {
		help: { type: 'boolean', short: 'h' },
		version: { type: 'boolean', short: 'v' },
	};
	for (const { flags } of settingList) {
		const short = flags.find((flag) => !flag.startsWith('--'))?.slice(1);
		for (const flag of flags.filter((flag) => flag.startsWith('--'))) options[flag.slice(2)] = { type: 'string', ...(short && { short }) };
	}
	return options;
}

function addSetting(given: Map<string, string[]>, flag: string, value: string | undefined): void {
	const setting = settingList.find(({ flags }) => flags.includes(flag));
	if (!setting) throw new ConfigError(`Cannot use ${flag}: there is no such flag${suggestion(flag)}`);
	if (value === undefined) throw new ConfigError(`Cannot use ${flag}: it needs a value (${setting.metavar})`);
	given.set(setting.name, [...(given.get(setting.name) ?? []), value]);
}

function suggestion(flag: string): string {
	const guess = nearest(flag, [...settingList.flatMap(({ flags }) => flags), ...Object.keys(EXTRA_FLAGS)]);
	return guess ? `; did you mean ${guess}?` : '';
}

/** The text of `--help`, made from the settings. */
export function helpText(): string {
	const rows = [
		['-h, --help', 'Shows this text and exits.'],
		['-v, --version', "Shows the program's version and exits."],
		...settingList.map(({ flags, metavar, doc, default: value }) => [`${flags.join(', ')} ${metavar}`, `${doc}${describeDefault(value)}`]),
	];
	const width = Math.max(...rows.map(([left = '']) => left.length));
	const lines = rows.map(([left = '', right = '']) => `  ${left.padEnd(width)}  ${right}`);
	return ['usage: tsgunicorn [OPTIONS] APP_MODULE', '', 'APP_MODULE is MODULE[:NAME], such as app.js:handler.', '', ...lines, ''].join(
		'\n',
	);
}

function describeDefault(value: unknown): string {
	return value === null ? '' : ` [${String(value)}]`;
}
