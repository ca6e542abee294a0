import { readFileSync } from 'node:fs';
import { projectPath } from './project.js';
import type { Source } from './source.js';

/** A block of code in the documentation. */
export interface DocExample {
	/** Where it begins: `src/io/net.ts:12`. */
	readonly place: string;
	readonly language: 'js' | 'ts' | 'cjs';
	/** Why it is not run; undefined when it is. */
	readonly noRun: string | undefined;
	/** The file of the project that it is quoted from, and that has a test of its own. */
	readonly quotes: string | undefined;
	readonly code: string;
}

/** A fence: its indentation or comment margin, its language, what follows that, and the block. */
const FENCE = /^(?<margin>[\t ]*(?:\* ?)?)```(?<language>\w+)(?<rest>[^\n]*)\n(?<code>[\s\S]*?)^\k<margin>```/gm;

/** An example, from its tag to the next tag or the end of the comment. */
const EXAMPLE = /@example\b[^\n]*\n(?<block>[\s\S]*?)(?=\n[\t ]*\* ?@\w|\n?[\t ]*\*\/)/g;

/** The examples in a source file's doc comments: the fenced blocks under each `@example`, or all that is under it as JavaScript. */
export function examplesIn(source: Source): DocExample[] {
	return [...source.text.matchAll(/\/\*\*[\s\S]*?\*\//g)].flatMap((comment) =>
		[...comment[0].matchAll(EXAMPLE)].flatMap(({ index, 0: whole, groups }) => {
			const at = comment.index + index;
			const { block } = groups as Record<'block', string>;
			if (block.includes('```')) return blocks(source.path, source.text, at, at + whole.length);
			const code = block.replaceAll(/^[\t ]*\* ?/gm, '');
			return [{ place: placeOf(source.path, source.text, at), language: 'js' as const, noRun: undefined, quotes: undefined, code }];
		}),
	);
}

/** The fenced JavaScript and TypeScript blocks of a Markdown page; shell commands and the like are left out. */
export function examplesInMarkdown(path: string): DocExample[] {
	const text = readFileSync(projectPath(path), 'utf8');
	return blocks(path, text, 0, text.length);
}

function blocks(path: string, text: string, from: number, to: number): DocExample[] {
	return [...text.slice(from, to).matchAll(FENCE)].flatMap(({ index, groups }) => {
		const { margin, language, rest, code } = groups as Record<'margin' | 'language' | 'rest' | 'code', string>;
		if (language !== 'js' && language !== 'ts' && language !== 'cjs') return [];
		const quotes = /^\s*file=(\S+)/.exec(rest)?.[1];
		const noRun = /^\s*no-run\b[\s:,]*(.*)$/.exec(rest)?.[1];
		const lines = code
			.split('\n')
			.map((line) => (line.startsWith(margin) ? line.slice(margin.length) : line.trimStart().replace(/^\*$/, '')));
		return [{ place: placeOf(path, text, from + index), language, noRun, quotes, code: lines.join('\n') }];
	});
}

function placeOf(path: string, text: string, at: number): string {
	return `${path}:${text.slice(0, at).split('\n').length}`;
}

/** The examples that say neither how to run nor why not. */
export function unexplained(examples: readonly DocExample[]): string[] {
	return examples.filter(({ noRun }) => noRun === '').map(({ place }) => place);
}
