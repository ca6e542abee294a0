import { readFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { inspect } from 'node:util';
import { placeOf } from '../worker/error-place.js';
import { http } from './node-http.js';

/** How many lines of code are shown before and after the one where the error is. */
const AROUND = 4;

/**
 * What a worker serves while `reload` is on and the app cannot be loaded: a page with the error, the code where it is, its causes and
 * their stacks, with status 500, for whatever is asked.
 * @param error why the app cannot be loaded
 * @param app what cannot be loaded: `module:name`
 * @returns a listener for the event `request`
 * @example
 * ```ts
 * import { createServer } from 'node:http';
 *
 * const server = createServer(errorPage(new Error('no such module'), 'app.js:handler'));
 * ```
 */
export function errorPage(error: unknown, app: string): RequestListener {
	const origin = innermost(error);
	const title = origin instanceof Error ? `${origin.name}: ${origin.message}` : String(origin);
	const page = html(`Cannot load ${app}`, title, excerpt(origin), inspect(error));
	return (request, response) => {
		response.writeHead(500, http.STATUS_CODES[500], {
			'Content-Type': 'text/html; charset=utf-8',
			'Content-Length': Buffer.byteLength(page),
			'Cache-Control': 'no-store',
			Connection: 'close',
		});
		response.end(request.method === 'HEAD' ? undefined : page);
	};
}

function innermost(error: unknown): unknown {
	return error instanceof Error && error.cause !== undefined ? innermost(error.cause) : error;
}

/** The user's code around the place of an error, with its path above; empty where there is none. */
function excerpt(error: unknown): string {
	const [, file = '', line = ''] = /\((\/.*?):(\d+)/.exec(placeOf(error)) ?? [];
	if (file === '') return '';
	const at = Number(line);
	const code = linesOf(file).slice(Math.max(0, at - 1 - AROUND), at + AROUND);
	const first = Math.max(1, at - AROUND);
	const numbered = code.map((text, index) => `${first + index === at ? '>' : ' '} ${String(first + index).padStart(5)} | ${text}`);
	return [`${file}:${at}`, ...numbered].join('\n');
}

function linesOf(file: string): string[] {
	try {
		return readFileSync(file, 'utf8').split('\n');
	} catch {
		// Removed since: the path alone has to do.
		return [];
	}
}

function html(heading: string, title: string, code: string, text: string): string {
	return `<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>${escaped(title)}</title></head>
<body>
<h1>${escaped(heading)}</h1>
<p><strong>${escaped(title)}</strong></p>
<pre>${escaped(code)}</pre>
<pre>${escaped(text)}</pre>
<p>The next save loads it again.</p>
</body>
</html>
`;
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

function escaped(text: string): string {
	return text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}
