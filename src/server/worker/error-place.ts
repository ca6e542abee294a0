import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The files of this package, which are never the place a user looks for. */
const OWN_FILES = fileURLToPath(new URL('../../../', import.meta.url));

/** Files that are looked at, at most, in search of a syntax error. */
const MOST_FILES = 500;

/** `import './x.js'`, `export * from './x.js'`, `import('./x.js')`, `require('./x.js')`. */
const IMPORTED = /(?:\bfrom|\bimport|\brequire)\s*\(?\s*(['"])(\.{1,2}\/[^'"\n]+)\1/g;

/**
 * Where in the user's files an error comes from, for the end of a message: ` (/app/web.js:3:7)`; empty when its stack or message does
 * not need it.
 */
export function placeOf(error: unknown): string {
	if (!(error instanceof Error)) return '';
	const places = [...(error.stack ?? '').matchAll(/(?:^|file:\/\/|\(|at )(\/[^\s():]+:\d+(?::\d+)?)(?=\)|\s|$)/gm)].flatMap(
		([, place = '']) => place,
	);
	const place = places.find((path) => !path.startsWith(`${OWN_FILES}src/`) && !path.includes('/node_modules/'));
	return place === undefined || error.message.includes(place) ? '' : ` (${place})`;
}

/**
 * Gives a syntax error the place that Node keeps for its own last words: in the first line of the stack, as with CommonJS.
 * @param file the module that was imported; the error may be in one that it imports
 */
export async function locateSyntaxError(error: SyntaxError, file: string): Promise<void> {
	if (!error.stack?.startsWith('SyntaxError')) return;
	const { createJiti } = await import('jiti');
	const jiti = createJiti(import.meta.url, { fsCache: false });
	const files = new Set([file]);
	for (const path of files) {
		const source = sourceOf(path);
		if (source === undefined) continue;
		const place = placeInTransformed(jiti.transform({ filename: path, source, ts: path.endsWith('ts') }));
		if (place !== undefined) {
			error.stack = `${place}\n\n${error.stack}`;
			return;
		}
		for (const [, , specifier = ''] of source.matchAll(IMPORTED)) {
			if (files.size < MOST_FILES) files.add(fileURLToPath(new URL(specifier, `file://${path}`)));
		}
	}
}

function sourceOf(path: string): string | undefined {
	try {
		return readFileSync(path, 'utf8');
	} catch {
		// A specifier without its ending, or text that only looks like one.
		return undefined;
	}
}

/** jiti puts a parser's error into the code that it makes. */
function placeInTransformed(code: string): string | undefined {
	const [, path, line, column] = /^exports\.__JITI_ERROR__ = \{"filename":"([^"]+)","line":(\d+),"column":(\d+)/.exec(code) ?? [];
	return path === undefined ? undefined : `${path}:${line}:${column}`;
}
