import { nearest } from '../nearest.js';
import { settingList } from './config.js';
import type { Setting } from './setting.js';
import { UsageError } from './usage-error.js';

/** What a command line gives one setting. */
export interface Given {
	readonly setting: Setting<unknown>;
	/** The flag as spelt, the last one if there are several. */
	readonly flag: string;
	/** In their order; none for a switch. */
	readonly texts: readonly string[];
}

/** What a command line asks for. */
export interface CommandLine {
	readonly help: boolean;
	readonly version: boolean;
	/** `module:name`, when given. */
	readonly app: string | undefined;
	/** What is given for each setting, by its name. */
	readonly given: ReadonlyMap<string, Given>;
}

const EXTRA_FLAGS: Readonly<Record<string, 'help' | 'version'>> = {
	'-h': 'help',
	'--help': 'help',
	'-v': 'version',
	'--version': 'version',
};

const byFlag: ReadonlyMap<string, Setting<unknown>> = new Map(
	settingList.flatMap((setting) => setting.flags.map((flag) => [flag, setting] as const)),
);

/**
 * Reads a command line in gunicorn's spellings: `--workers 4`, `--workers=4`, `-w 4`, `-w4`, `-DR`.
 * @param args without the program itself
 * @throws UsageError `ERR_CONFIG` for a flag that does not exist, lacks its value or has one too many, and for a second app
 */
export function parseCommandLine(args: readonly string[]): CommandLine {
	const given = new Map<string, Given>();
	const extras = new Set<string>();
	const apps: string[] = [];
	const rest = [...args];
	for (let argument = rest.shift(); argument !== undefined; argument = rest.shift()) {
		if (argument === '--') {
			apps.push(...rest.splice(0));
		} else if (!isFlag(argument)) {
			apps.push(argument);
		} else {
			const { flag, joined } = splitFlag(argument);
			const extra = EXTRA_FLAGS[flag];
			if (extra) extras.add(extra);
			else addSetting(given, flag, joined, rest);
		}
	}
	if (apps.length > 1) throw new UsageError(`Cannot serve ${apps.length} apps: one is needed, '${apps.join("', '")}' were given`);
	return { help: extras.has('help'), version: extras.has('version'), app: apps[0], given };
}

/** `-` alone is a value: the standard output. */
function isFlag(argument: string): boolean {
	return argument.startsWith('-') && argument !== '-';
}

/** Takes apart `--workers=4` and `-w4`. */
function splitFlag(argument: string): { flag: string; joined: string | undefined } {
	if (!argument.startsWith('--')) return { flag: argument.slice(0, 2), joined: argument.slice(2) || undefined };
	const [flag = '', ...value] = argument.split('=');
	return { flag, joined: value.length > 0 ? value.join('=') : undefined };
}

/** @param rest what follows; the value of the flag is taken from it */
function addSetting(given: Map<string, Given>, flag: string, joined: string | undefined, rest: string[]): void {
	const setting = byFlag.get(flag);
	if (!setting) throw new UsageError(`Cannot use ${flag}: there is no such flag${suggestion(flag)}`);
	const earlier = given.get(setting.name)?.texts ?? [];
	if (setting.kind.metavar === undefined) {
		// `-DR` is `-D -R`.
		if (joined !== undefined && !flag.startsWith('--')) rest.unshift(`-${joined}`);
		else if (joined !== undefined) throw new UsageError(`Cannot use ${flag}=${joined}: it takes no value`);
		given.set(setting.name, { setting, flag, texts: earlier });
		return;
	}
	const text = joined ?? takeValue(setting, rest);
	if (text === undefined) throw new UsageError(`Cannot use ${flag}: it needs a value (${setting.kind.metavar})`);
	given.set(setting.name, { setting, flag, texts: [...earlier, text] });
}

function takeValue({ kind }: Setting<unknown>, rest: string[]): string | undefined {
	const [next] = rest;
	if (next === undefined || isFlag(next)) return kind.bare;
	// A flag whose value may be left out takes only one that fits: what follows may be the app.
	if (kind.bare !== undefined && !fits(kind, next)) return kind.bare;
	return rest.shift();
}

function fits(kind: Setting<unknown>['kind'], text: string): boolean {
	try {
		kind.parse([text]);
		return true;
	} catch (error) {
		if (error instanceof RangeError) return false;
		throw error;
	}
}

function suggestion(flag: string): string {
	const guess = nearest(flag, [...byFlag.keys(), ...Object.keys(EXTRA_FLAGS)]);
	return guess ? `; did you mean ${guess}?` : '';
}
