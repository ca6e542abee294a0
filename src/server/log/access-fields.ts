import type { IncomingMessage } from 'node:http';
import type { Access } from './log.js';

/** Anything that could end a quoted value, start a line, or steer a terminal; and what is not ASCII, of which nobody knows the encoding. */
const UNSAFE = /[^ !#-[\]-~]/;
const EACH_UNSAFE = /[^ !#-[\]-~]/g;

const SHORT_ESCAPES: Readonly<Record<string, string>> = { '"': '\\"', '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** A client's text between quotes: `\"`, `\\`, `\n`, `\r`, `\t`, and `\xhh` for each other byte that is not printable ASCII. */
export function escapeValue(value: string): string {
	return UNSAFE.test(value) ? value.replace(EACH_UNSAFE, escapeCharacter) : value;
}

function escapeCharacter(character: string): string {
	const short = SHORT_ESCAPES[character];
	if (short) return short;
	const code = character.charCodeAt(0);
	const bytes = code > 0xff ? Buffer.from(character) : Buffer.from([code]);
	return Array.from(bytes, (byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('');
}

/** The same as a JSON string, its quotes included; in ASCII, so that a length in characters is one in bytes. */
export function jsonString(value: string): string {
	if (!UNSAFE.test(value)) return `"${value}"`;
	return JSON.stringify(value).replace(/[\x7f-\uffff]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/**
 * A header field of a request, from its raw list: Node's object of all fields would be made for this alone.
 * @param name in small letters
 * @returns the last one of that name, as in gunicorn; undefined when there is none
 */
export function requestField({ rawHeaders }: IncomingMessage, name: string): string | undefined {
	for (let at = rawHeaders.length - 2; at >= 0; at -= 2) {
		const candidate = rawHeaders[at] as string;
		if (candidate.length === name.length && candidate.toLowerCase() === name) return rawHeaders[at + 1];
	}
	return undefined;
}

/** A header field of the response as it was sent; undefined when there is none. */
export function responseField(access: Access, name: string): string | undefined {
	const found = access
		.head()
		.split('\r\n')
		.slice(1)
		.find((line) => line.slice(0, line.indexOf(':')).toLowerCase() === name);
	return found?.slice(name.length + 1).trim();
}

/** The part of a request's target before its question mark. */
export function pathOf({ url = '' }: IncomingMessage): string {
	const mark = url.indexOf('?');
	return mark < 0 ? url : url.slice(0, mark);
}

/** The part of a request's target after its question mark; empty when there is none. */
export function queryOf({ url = '' }: IncomingMessage): string {
	const mark = url.indexOf('?');
	return mark < 0 ? '' : url.slice(mark + 1);
}

/** The path as an app sees it: each `%hh` as that byte, in Latin-1. */
export function decodedPathOf(request: IncomingMessage): string {
	const path = pathOf(request);
	if (!path.includes('%')) return path;
	return path.replace(/%([0-9a-fA-F]{2})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));
}

/** The name before the colon in `Authorization: Basic`; undefined without one. */
export function basicUser(request: IncomingMessage): string | undefined {
	const field = requestField(request, 'authorization');
	const encoded = field && /^basic\s+(\S+)\s*$/i.exec(field)?.[1];
	if (!encoded) return undefined;
	const decoded = Buffer.from(encoded, 'base64').toString('latin1');
	const colon = decoded.indexOf(':');
	return colon > 0 ? decoded.slice(0, colon) : undefined;
}
