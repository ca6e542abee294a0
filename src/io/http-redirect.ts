import { GreenError } from '../errors.js';
import type { RequestHead } from './http-messages.js';

/** One request of a chain of redirects. */
export type Hop = Pick<RequestHead, 'method' | 'origin' | 'path' | 'headers'> & {
	/** Whether the body is sent (again) with this hop. */
	readonly withBody: boolean;
};

/** As fetch has it. */
const MOST_REDIRECTS = 20;

const REDIRECTS = new Set([301, 302, 303, 307, 308]);
const OF_THE_BODY = new Set([
	'content-encoding',
	'content-language',
	'content-length',
	'content-location',
	'content-type',
	'transfer-encoding',
]);
const OF_THE_ORIGIN = new Set(['authorization', 'cookie', 'host', 'proxy-authorization']);

/** Where a response redirects to; undefined when it does not. */
export function locationOf(status: number, headers: readonly string[]): string | undefined {
	return REDIRECTS.has(status) ? headerOf(headers, 'location') : undefined;
}

/** The first value of a header, by its lower-case name. */
export function headerOf(raw: readonly string[], name: string): string | undefined {
	for (let i = 0; i + 1 < raw.length; i += 2) if ((raw[i] as string).toLowerCase() === name) return raw[i + 1];
	return undefined;
}

/**
 * The request that follows a redirect, as fetch decides it: the method changes to GET after 303, and after 301 and 302 to a POST;
 * credentials do not follow to another origin.
 * @param count redirects followed before this one
 * @throws GreenError `ERR_TOO_MANY_REDIRECTS`, `ERR_INVALID_REDIRECT`
 */
export function nextHop(hop: Hop, status: number, location: string, count: number): Hop {
	if (count >= MOST_REDIRECTS) {
		throw new GreenError(
			'ERR_TOO_MANY_REDIRECTS',
			`Cannot follow the redirect to ${location}: it is one more than the ${MOST_REDIRECTS} allowed`,
		);
	}
	const target = URL.canParse(location, hop.origin + hop.path) ? new URL(location, hop.origin + hop.path) : undefined;
	if (target?.protocol !== 'http:' && target?.protocol !== 'https:') {
		throw new GreenError(
			'ERR_INVALID_REDIRECT',
			`Cannot follow the redirect of ${hop.origin}${hop.path}: its location is no HTTP address, got '${location}'`,
		);
	}
	const toGet = status === 303 ? hop.method !== 'GET' && hop.method !== 'HEAD' : status <= 302 && hop.method === 'POST';
	const dropped = (name: string): boolean =>
		name === 'host' || (toGet && OF_THE_BODY.has(name)) || (target.origin !== hop.origin && OF_THE_ORIGIN.has(name));
	return {
		method: toGet ? 'GET' : hop.method,
		origin: target.origin,
		path: target.pathname + target.search,
		headers: without(hop.headers, dropped),
		withBody: hop.withBody && !toGet,
	};
}

function without(raw: readonly string[], dropped: (name: string) => boolean): string[] {
	const kept: string[] = [];
	for (let i = 0; i + 1 < raw.length; i += 2) {
		const [name, value] = [raw[i] as string, raw[i + 1] as string];
		if (!dropped(name.toLowerCase())) kept.push(name, value);
	}
	return kept;
}
