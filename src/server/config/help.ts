import { settingList } from './config.js';
import type { Configuration } from './configuration.js';
import { SECTIONS, type Setting } from './setting.js';

/** Columns from which on the explanations stand. */
const INDENT = 26;
const WIDTH = 100;

/** The text of `--help`, made from the settings, section by section. */
export function helpText(): string {
	const sections = SECTIONS.map((section) => ({
		section,
		shown: settingList.filter((setting) => setting.section === section && setting.flags.length > 0),
	}));
	const blocks = sections
		.filter(({ shown }) => shown.length > 0)
		.map(({ section, shown }) => [`${section}:`, ...shown.flatMap((setting) => entry(usage(setting), explain(setting)))]);
	const extras = [
		...entry('-h, --help', 'Shows this text and exits.'),
		...entry('-v, --version', "Shows the program's version and exits."),
	];
	const head = [
		'usage: tsgunicorn [OPTIONS] [APP_MODULE]',
		'',
		"APP_MODULE is MODULE[:NAME], such as app.js:handler, or MODULE:FACTORY('argument').",
	];
	return [head, extras, ...blocks].map((lines) => `${lines.join('\n')}\n`).join('\n');
}

/** The flags with what stands for their value. */
export function usage({ flags, kind }: Setting<unknown>): string {
	const value = kind.bare === undefined ? kind.metavar : `[${kind.metavar}]`;
	return `${flags.join(', ')}${value === undefined ? '' : ` ${value}`}`;
}

function explain({ doc, default: value, defaultText, env, support }: Setting<unknown>): string {
	if (support.kind !== 'works') return `${support.kind === 'refused' ? 'Refused' : 'Not yet'}: ${support.why}.`;
	const known = [defaultText ?? describeValue(value), env && `$${env.variable}`].filter(Boolean).join(', or from ');
	return known === '' ? doc : `${doc} [${known}]`;
}

/** A value as it would stand on a command line; empty for none. */
export function describeValue(value: unknown): string {
	if (value === null || value === undefined || value === false) return '';
	if (Array.isArray(value)) return value.join(',');
	return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function entry(left: string, right: string): string[] {
	const lines = wrap(right, WIDTH - INDENT);
	const [first = '', ...more] = lines;
	const head = left.length + 4 <= INDENT ? [`  ${left.padEnd(INDENT - 2)}${first}`] : [`  ${left}`, `${' '.repeat(INDENT)}${first}`];
	return [...head, ...more.map((line) => `${' '.repeat(INDENT)}${line}`)];
}

function wrap(text: string, width: number): string[] {
	const lines: string[] = [];
	for (const word of text.split(' ')) {
		const last = lines.at(-1);
		if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
		else lines.push(word);
	}
	return lines;
}

/** The text of `--print-config`: every setting as it will be used, and every hook of the config file, sorted, one a line. */
export function printedConfig({ config, file }: Pick<Configuration, 'config' | 'file'>): string {
	const entries = [
		...Object.entries(config).map(([name, value]) => [name, JSON.stringify(value)] as const),
		...(file?.contents.functions ?? []).map((name) => [name, `function in ${file?.path}`] as const),
	].sort(([one], [other]) => (one < other ? -1 : 1));
	const width = Math.max(...entries.map(([name]) => name.length));
	return entries.map(([name, text]) => `${name.padEnd(width)} = ${text}\n`).join('');
}
