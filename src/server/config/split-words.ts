import { UsageError } from './usage-error.js';

/** A blank, a quoted piece, an escaped character, or plain characters. */
const PIECE = /(\s+)|'([^']*)'|"((?:\\[\s\S]|[^"\\])*)"|\\([\s\S])|([^\s'"\\]+)/y;

/**
 * Splits a text into words as a POSIX shell does, without expanding anything: `--name 'my app' -b\ :80`.
 * @param origin where the text comes from, for the error
 * @throws UsageError `ERR_CONFIG` for a quote that is never closed
 */
export function splitWords(text: string, origin: string): string[] {
	const words: string[] = [];
	let word: string | undefined;
	let at = 0;
	while (at < text.length) {
		PIECE.lastIndex = at;
		const piece = PIECE.exec(text);
		if (!piece) throw new UsageError(`Cannot read ${origin}: ${text[at] === '\\' ? 'it ends with a backslash' : 'a quote is not closed'}`);
		at = PIECE.lastIndex;
		const [, blank, single, double, escaped, plain] = piece;
		if (blank === undefined) {
			word = (word ?? '') + (single ?? double?.replace(/\\(["\\$`])/g, '$1') ?? escaped ?? plain ?? '');
		} else if (word !== undefined) {
			words.push(word);
			word = undefined;
		}
	}
	return word === undefined ? words : [...words, word];
}
