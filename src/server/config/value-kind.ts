import { isIP } from 'node:net';

/** What values a setting takes: how they are read from text and checked in a config file. */
export interface ValueKind<T> {
	/** What stands for the value in the help text; undefined for a switch, which takes none. */
	readonly metavar: string | undefined;
	/** The text that a flag without a value stands for, where it may have none. */
	readonly bare?: string;
	/**
	 * Turns the texts given on a command line, in their order, into the value; none for a switch.
	 * @throws RangeError whose message says what is needed instead
	 */
	parse(texts: readonly string[]): T;
	/**
	 * Checks a value of a config file.
	 * @throws RangeError whose message says what is needed instead
	 */
	check(value: unknown): T;
}

/** A value given once: of several texts the last one counts. In a config file a text reads as on the command line. */
function scalar<T>(metavar: string, read: (text: string) => T, convert: (value: unknown) => T): ValueKind<T> {
	return {
		metavar,
		parse: (texts) => read(texts.at(-1) ?? ''),
		check: (value) => (typeof value === 'string' ? read(value) : convert(value)),
	};
}

function need(what: string): never {
	throw new RangeError(`${what} is needed`);
}

/** Any text that `checkText` lets through. */
export function text(metavar: string, checkText: (text: string) => string = (given) => given): ValueKind<string> {
	return scalar(metavar, checkText, () => need('a string'));
}

/** A text that is not empty. */
export function filledText(metavar: string, what: string): ValueKind<string> {
	return text(metavar, (given) => (given === '' ? need(what) : given));
}

/** One of a few words; capitals do not matter. */
export function choice<const T extends string>(words: readonly T[], bare?: T): ValueKind<T> {
	const find = (given: string): T => words.find((word) => word.toLowerCase() === given.toLowerCase()) ?? need(`one of ${words.join(', ')}`);
	const metavar = words.length > 6 ? 'WORD' : words.join('|');
	return { ...scalar(metavar, find, () => need(`one of ${words.join(', ')}`)), ...(bare !== undefined && { bare }) };
}

/** A whole number from `least` to `most`. */
export function wholeNumber(least: number, most = Number.MAX_SAFE_INTEGER): ValueKind<number> {
	const what = `a whole number ${most === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${most}`}`;
	const check = (value: unknown): number =>
		typeof value === 'number' && Number.isSafeInteger(value) && value >= least && value <= most ? value : need(what);
	return scalar('INT', (given) => check(/^\d+$/.test(given) ? Number(given) : undefined), check);
}

/** The longest delay of a timer of Node's, in whole seconds: one that is set for longer ends at once. */
const MOST_SECONDS = 2_147_483;

/** A duration in seconds; fractions are allowed. More than 24 days are as good as 24 days. */
export const seconds: ValueKind<number> = (() => {
	const check = (value: unknown): number =>
		typeof value === 'number' && Number.isFinite(value) && value >= 0
			? Math.min(value, MOST_SECONDS)
			: need('a number of seconds, 0 or more,');
	return scalar('SECONDS', (given) => check(/^\d+(\.\d+)?$/.test(given) ? Number(given) : undefined), check);
})();

/** Permission bits: octal after `0` or `0o`, as in `022`, hexadecimal after `0x`, decimal else. */
export const permissionBits: ValueKind<number> = (() => {
	const what = 'permission bits from 0 to 0o7777, such as 022,';
	const check = (value: unknown): number =>
		typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 0o7777 ? value : need(what);
	return scalar('INT', (given) => check(/^\w+$/.test(given) ? Number(given.replace(/^0(?=[0-7])/, '0o')) : undefined), check);
})();

/** A switch: true or false, also as text. The flag has no value of its own and stands for `on`. */
export function switchTo<T extends boolean | null>(on: T & boolean): ValueKind<T> {
	const read = (given: unknown): T => {
		const value = typeof given === 'string' ? WORDS[given.toLowerCase()] : given;
		return typeof value === 'boolean' ? (value as T) : need('true or false');
	};
	return { metavar: undefined, parse: (texts) => (texts.length === 0 ? on : read(texts.at(-1))), check: read };
}

const WORDS: Readonly<Record<string, boolean>> = { true: true, false: false };

/** Also takes null, for no value at all. */
export function optional<T>(kind: ValueKind<T>): ValueKind<T | null> {
	return { ...kind, check: (value) => (value === null || value === undefined ? null : kind.check(value)) };
}

/** A list: of a repeated flag all texts count; a config file has an array of strings, or one string with commas. */
export function list(metavar: string, checkOne: (text: string) => string = (given) => given): ValueKind<readonly string[]> {
	return {
		metavar,
		parse: (texts) => texts.map(checkOne),
		check: (value) => {
			const items = typeof value === 'string' ? splitCommas(value) : value;
			if (!Array.isArray(items) || items.some((item) => typeof item !== 'string')) need('an array of strings');
			return (items as string[]).map(checkOne);
		},
	};
}

/** A list whose command-line form is one text with commas. */
export function commaList(metavar: string, checkOne: (text: string) => string): ValueKind<readonly string[]> {
	const { check } = list(metavar, checkOne);
	return { metavar, check, parse: (texts) => check(texts.at(-1) ?? '') };
}

function splitCommas(given: string): string[] {
	return given
		.split(',')
		.map((item) => item.trim())
		.filter((item) => item !== '');
}

/** IP addresses and networks (`10.0.0.0/8`), or `*` for all. */
export const addresses: ValueKind<readonly string[]> = commaList('ADDRESSES', (given) => {
	const [address = '', bits, ...more] = given.split('/');
	const version = isIP(address);
	const fits =
		version > 0 && more.length === 0 && (bits === undefined || (/^\d+$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128)));
	return given === '*' || fits ? given : need(`a list of IP addresses and networks such as 127.0.0.1,10.0.0.0/8, or *, not '${given}',`);
});

/** An object of strings, in a config file only. */
export const mapping: ValueKind<Readonly<Record<string, string>>> = {
	metavar: 'OBJECT',
	parse: () => need('a config file'),
	check: (value) => {
		const plain = typeof value === 'object' && value !== null && !Array.isArray(value);
		if (!plain || Object.values(value).some((item) => typeof item !== 'string')) need('an object whose values are strings');
		return { ...(value as Record<string, string>) };
	},
};
