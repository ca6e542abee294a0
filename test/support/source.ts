import { readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { projectPath } from './project.js';

/** One `import`, `export from` or `import()` of a source file. */
export interface Import {
	readonly specifier: string;
	/** For relative specifiers: the imported source file, relative to the project. */
	readonly target: string | undefined;
	readonly typeOnly: boolean;
	readonly dynamic: boolean;
}

/** A TypeScript file as the tests of the project's shape see it. */
export interface Source {
	/** Relative to the project, with forward slashes. */
	readonly path: string;
	readonly text: string;
	/** The text with comments blanked out; same length, same lines. */
	readonly uncommented: string;
	/** The text with comments and the insides of strings blanked out; same length, same lines. */
	readonly code: string;
	readonly imports: readonly Import[];
}

/** Reads and takes apart one source file. */
export function readSource(path: string): Source {
	return takeApart(path, readFileSync(projectPath(path), 'utf8'));
}

/** Takes apart the text of a source file that would stand at `path`. */
export function takeApart(path: string, text: string): Source {
	const { uncommented, code } = blank(text);
	return { path, text, uncommented, code, imports: importsOf(path, uncommented, code) };
}

const STATIC = /(?:^|[;}\n])\s*(?:import|export)\s+(type\s+)?(?:[\w$*{}\s,]+?\s+from\s+)?(['"])/g;
const DYNAMIC = /\bimport\(\s*(['"])/g;

function importsOf(path: string, uncommented: string, code: string): Import[] {
	const found = (match: RegExpExecArray, typeOnly: boolean, dynamic: boolean): Import => {
		const start = match.index + match[0].length;
		const specifier = uncommented.slice(start, uncommented.indexOf(match.at(-1) as string, start));
		const target = specifier.startsWith('.') ? posix.join(posix.dirname(path), specifier).replace(/\.js$/, '.ts') : undefined;
		return { specifier, target, typeOnly, dynamic };
	};
	// Matched on `code`, where a quotation holds nothing but blanks, so that text in strings is never taken for an import.
	return [
		...[...code.matchAll(STATIC)].map((match) => found(match, match[1] !== undefined, false)),
		...[...code.matchAll(DYNAMIC)].map((match) => found(match, isTypeQuery(code, match.index), true)),
	];
}

/** `typeof import('x')` and `x: import('y').Z` are types; a call follows `await`, `=`, `(`, `=>`, `return` or starts a statement. */
function isTypeQuery(code: string, at: number): boolean {
	return /(?:typeof|[:|&<])\s*$/.test(code.slice(Math.max(0, at - 20), at));
}

/** A slash after one of these begins a regular expression; after anything else it divides. */
const BEFORE_REGEX = /(?:^|[=(,:[!&|?{};+\-*%<>~^]|\b(?:return|typeof|case|in|of|yield|await|throw))\s*$/;

function blank(text: string): { uncommented: string; code: string } {
	const scan = new Scan(text);
	while (scan.at < text.length) step(scan);
	return { uncommented: scan.uncommented, code: scan.code };
}

/** Where a scan stands, and what it has copied so far. */
class Scan {
	readonly text: string;
	at = 0;
	uncommented = '';
	code = '';
	/** For each template literal being scanned, the depth of braces in its current `${}`. */
	readonly braces: number[] = [];

	constructor(text: string) {
		this.text = text;
	}

	/** Copies up to `end`: all of it, without its letters, or blanks to both. */
	take(end: number, as: 'code' | 'string' | 'comment'): void {
		const piece = this.text.slice(this.at, end);
		const blanks = piece.replace(/[^\n]/g, ' ');
		this.uncommented += as === 'comment' ? blanks : piece;
		this.code += as === 'code' ? piece : blanks;
		this.at = end;
	}
}

function step(scan: Scan): void {
	const { text, at, braces } = scan;
	const char = text[at] as string;
	const two = text.slice(at, at + 2);
	if (two === '//') scan.take(endOf(text, '\n', at), 'comment');
	else if (two === '/*') scan.take(endOf(text, '*/', at + 2) + 2, 'comment');
	else if (char === "'" || char === '"') quoted(scan, char);
	else if (char === '`') template(scan);
	else if (char === '/' && BEFORE_REGEX.test(scan.code.slice(-40))) regex(scan);
	else if (char === '}' && braces.at(-1) === 0) {
		braces.pop();
		template(scan);
	} else {
		const depth = braces.length - 1;
		if (depth >= 0 && char === '{') braces[depth]! += 1;
		if (depth >= 0 && char === '}') braces[depth]! -= 1;
		scan.take(at + 1, 'code');
	}
}

function endOf(text: string, what: string, from: number): number {
	const end = text.indexOf(what, from);
	return end < 0 ? text.length : end;
}

function quoted(scan: Scan, quote: string): void {
	scan.take(scan.at + 1, 'code');
	let end = scan.at;
	while (end < scan.text.length && scan.text[end] !== quote) end += scan.text[end] === '\\' ? 2 : 1;
	scan.take(end, 'string');
	scan.take(end + 1, 'code');
}

/** From a backtick, or the brace that ends a `${}`, to the next of either kind. */
function template(scan: Scan): void {
	scan.take(scan.at + 1, 'code');
	let end = scan.at;
	while (end < scan.text.length && scan.text[end] !== '`' && scan.text.slice(end, end + 2) !== '${') end += scan.text[end] === '\\' ? 2 : 1;
	scan.take(end, 'string');
	if (scan.text[end] === '$') {
		scan.braces.push(0);
		scan.take(end + 2, 'code');
	} else scan.take(end + 1, 'code');
}

function regex(scan: Scan): void {
	let end = scan.at + 1;
	let inClass = false;
	while (end < scan.text.length && (inClass || scan.text[end] !== '/')) {
		if (scan.text[end] === '[') inClass = true;
		if (scan.text[end] === ']') inClass = false;
		end += scan.text[end] === '\\' ? 2 : 1;
	}
	scan.take(scan.at + 1, 'code');
	scan.take(end, 'string');
	scan.take(end + 1, 'code');
}
