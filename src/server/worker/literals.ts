/** The words that stand for a value, JavaScript's and Python's. */
const WORDS: Readonly<Record<string, unknown>> = {
	true: true,
	false: false,
	null: null,
	undefined,
	True: true,
	False: false,
	None: null,
};

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', '0': '\0' };

/**
 * Reads the arguments of a call that is written out, `'a', 1, { port: [80] }`, without running any code.
 * @param text what stands between the parentheses
 * @throws SyntaxError whose message says what is not a literal
 */
export function parseLiterals(text: string): unknown[] {
	const reader = new LiteralReader(text);
	const values = reader.items('');
	return values;
}

/** Reads one text from its beginning to its end. */
class LiteralReader {
	readonly #text: string;
	#at = 0;

	constructor(text: string) {
		this.#text = text;
	}

	/** Values with commas between, up to `end`, which is read too; `''` is the end of the text. */
	items(end: string): unknown[] {
		const values: unknown[] = [];
		while (!this.#ends(end)) {
			values.push(this.#value());
			if (!this.#skip(',') && !this.#peeks(end)) this.#fail();
		}
		return values;
	}

	#value(): unknown {
		if (this.#skip('[')) return this.items(']');
		if (this.#skip('{')) return this.#entries();
		const quoted = this.#match(/'((?:\\.|[^'\\])*)'|"((?:\\.|[^"\\])*)"/y);
		if (quoted) return (quoted[1] ?? quoted[2] ?? '').replace(/\\(.)/g, (_, letter: string) => ESCAPES[letter] ?? letter);
		const number = this.#match(/[-+]?(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][-+]?\d+)?(?!\w)/y);
		if (number) return Number(number[0].replaceAll('_', ''));
		const word = this.#match(/[A-Za-z_]\w*(?!\s*=)/y)?.[0] ?? '';
		if (!Object.hasOwn(WORDS, word)) this.#fail(word);
		return WORDS[word];
	}

	#entries(): Record<string, unknown> {
		const entries: [string, unknown][] = [];
		while (!this.#ends('}')) {
			const name = this.#match(/[A-Za-z_$][\w$]*/y)?.[0] ?? String(this.#value());
			if (!this.#skip(':')) this.#fail();
			entries.push([name, this.#value()]);
			if (!this.#skip(',') && !this.#peeks('}')) this.#fail();
		}
		return Object.fromEntries(entries);
	}

	#ends(end: string): boolean {
		if (!this.#peeks(end)) return false;
		this.#at += end.length;
		return true;
	}

	#peeks(end: string): boolean {
		this.#match(/\s*/y);
		return end === '' ? this.#at === this.#text.length : this.#text.startsWith(end, this.#at);
	}

	#skip(sign: string): boolean {
		return this.#peeks(sign) && this.#ends(sign);
	}

	#match(pattern: RegExp): RegExpExecArray | null {
		pattern.lastIndex = this.#at;
		const found = pattern.exec(this.#text);
		if (found) this.#at = pattern.lastIndex;
		return found;
	}

	#fail(word = ''): never {
		const what = word + this.#text.slice(this.#at);
		const named = /^\w+\s*=/.test(what) ? '; JavaScript has no named arguments: give an object, { name: value }' : '';
		throw new SyntaxError(`strings, numbers, true, false, null, arrays and objects may stand there, not ${what || 'nothing'}${named}`);
	}
}
