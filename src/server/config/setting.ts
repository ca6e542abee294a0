/** Where a setting stands in the reference, in gunicorn's own headings. */
export type Section = 'Server Socket' | 'Worker Processes';

/** One setting: everything that the command line, the help text and the checks need to know of it. */
export interface Setting<T> {
	/** gunicorn's own key; the unit of a duration is the second, as there. */
	readonly name: string;
	readonly section: Section;
	/** gunicorn's own spellings: `-w`, `--workers`. */
	readonly flags: readonly string[];
	/** What stands for the value in the help text. */
	readonly metavar: string;
	/** One sentence for the help text. */
	readonly doc: string;
	readonly default: T;
	/**
	 * Turns the texts given, in their order, into the value.
	 * @throws RangeError whose message says what is needed instead
	 */
	parse(texts: readonly string[]): T;
}

/** A setting given once: the last one counts. */
export function single<T>(parseOne: (text: string) => T): (texts: readonly string[]) => T {
	return (texts) => parseOne(texts.at(-1) ?? '');
}

/** A setting that may be repeated: all of them count. */
export function repeated<T>(parseOne: (text: string) => T): (texts: readonly string[]) => T[] {
	return (texts) => texts.map(parseOne);
}

/** Reads a whole number of at least `least`. */
export function wholeNumber(least: number): (text: string) => number {
	return (text) => {
		const value = Number(text);
		if (!/^\d+$/.test(text) || value < least || !Number.isSafeInteger(value))
			throw new RangeError(`a whole number of at least ${least} is needed`);
		return value;
	};
}

/** Reads a duration in seconds; fractions are allowed. */
export function seconds(text: string): number {
	if (!/^\d+(\.\d+)?$/.test(text)) throw new RangeError('a number of seconds, 0 or more, is needed');
	return Number(text);
}
