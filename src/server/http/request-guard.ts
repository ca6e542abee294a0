import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Config } from '../config/config.js';
import { jsonString } from '../log/access-fields.js';
import type { Refusal } from './refusal.js';
import { TrustedPeers } from './trusted-peers.js';

/** What the guard goes by; gunicorn's names and meanings. */
export type GuardSettings = Pick<
	Config,
	| 'limit_request_line'
	| 'limit_request_fields'
	| 'limit_request_field_size'
	| 'header_map'
	| 'forwarder_headers'
	| 'forwarded_allow_ips'
	| 'secure_scheme_headers'
>;

// gunicorn's own bounds of its settings; 0 stands for the bound.
const LONGEST_LINE = 8190;
const MOST_FIELDS = 32_768;
const DEFAULT_FIELD_SIZE = 8190;

/** What a request line has beside the method and the target. */
const LINE_REST = ' '.length + ' HTTP/1.1'.length;
const ABSOLUTE_FORM = /^[a-z][a-z\d+.-]*:\/\//i;

/** The fields that a request must not have twice, because two readers could pick different ones. */
const SINGLE: Readonly<Record<number, string>> = { 4: 'host', 12: 'content-type' };

/**
 * Refuses what Node's parser lets through and gunicorn does not, keeps the limits, takes away fields whose names could be
 * mistaken for others, and believes a trusted proxy that its client came over TLS: `request.socket.encrypted` is then true.
 */
export class RequestGuard {
	/** Bytes of a request line. */
	readonly lineLimit: number;
	/** Number of fields. */
	readonly fieldLimit: number;
	/** Bytes of one field. */
	readonly fieldSize: number;
	readonly #map: GuardSettings['header_map'];
	readonly #trusted: TrustedPeers;
	readonly #forwarder: ReadonlySet<string>;
	readonly #schemes: readonly (readonly [name: string, secure: string])[];

	constructor(config: GuardSettings) {
		this.lineLimit = Math.min(config.limit_request_line || LONGEST_LINE, LONGEST_LINE);
		this.fieldLimit = Math.min(config.limit_request_fields || MOST_FIELDS, MOST_FIELDS);
		this.fieldSize = config.limit_request_field_size || DEFAULT_FIELD_SIZE;
		this.#map = config.header_map;
		this.#trusted = new TrustedPeers(config.forwarded_allow_ips);
		this.#forwarder = new Set(config.forwarder_headers);
		this.#schemes = Object.entries(config.secure_scheme_headers).map(([name, value]) => [name.toLowerCase(), value] as const);
	}

	/** Bytes that a whole header may have, for Node's parser, which knows only the sum. */
	get headerSize(): number {
		return this.lineLimit + this.fieldLimit * (this.fieldSize + 2) + 4;
	}

	/** Looks a request over before anybody else sees it; the result says why it must not be served. */
	check(request: IncomingMessage): Refusal | undefined {
		return this.#checkLine(request) ?? this.#checkFields(request) ?? this.#checkCoding(request) ?? this.#adoptScheme(request);
	}

	#checkLine({ method = '', url = '', httpVersion, httpVersionMajor }: IncomingMessage): Refusal | undefined {
		if (method.length + url.length + LINE_REST > this.lineLimit)
			return { status: 400, why: `the request line is longer than ${this.lineLimit} bytes` };
		if (httpVersionMajor !== 1) return { status: 400, why: `there is no HTTP/${httpVersion} here` };
		if (url.startsWith('/') || ABSOLUTE_FORM.test(url) || (url === '*' && method === 'OPTIONS') || method === 'CONNECT') return undefined;
		return { status: 400, why: `${JSON.stringify(url)} is no target of ${method}` };
	}

	#checkFields(request: IncomingMessage): Refusal | undefined {
		const { rawHeaders } = request;
		if (rawHeaders.length > 2 * this.fieldLimit) return { status: 431, why: `there are more than ${this.fieldLimit} header fields` };
		let seen = 0;
		let underscored = false;
		for (let index = 0; index < rawHeaders.length; index += 2) {
			const name = rawHeaders[index] as string;
			if (name.length + (rawHeaders[index + 1] as string).length + 2 > this.fieldSize)
				return { status: 431, why: `the header field ${JSON.stringify(name.slice(0, 40))} is longer than ${this.fieldSize} bytes` };
			const single = SINGLE[name.length];
			if (single !== undefined && single === name.toLowerCase()) {
				const bit = 1 << name.length;
				if (seen & bit) return { status: 400, why: `there are two header fields ${name}` };
				seen |= bit;
			}
			if (name.includes('_')) underscored = true;
		}
		return underscored ? this.#mapUnderscores(request) : undefined;
	}

	#mapUnderscores(request: IncomingMessage): Refusal | undefined {
		if (this.#map === 'dangerous') return undefined;
		const trusted = this.#trusted.includes(request.socket);
		const unwanted = new Set<string>();
		for (let index = 0; index < request.rawHeaders.length; index += 2) {
			const name = request.rawHeaders[index] as string;
			if (!name.includes('_') || (trusted && (this.#forwarder.has('*') || this.#forwarder.has(name.toUpperCase())))) continue;
			if (this.#map === 'refuse') return { status: 400, why: `the header field ${JSON.stringify(name)} has an underscore in its name` };
			unwanted.add(name.toLowerCase());
		}
		if (unwanted.size > 0) dropFields(request, unwanted);
		return undefined;
	}

	/** CL with TE, CL lists and codings that do not end in `chunked` are refused by the parser. */
	#checkCoding({ headers, httpVersion }: IncomingMessage): Refusal | undefined {
		const coding = headers['transfer-encoding'];
		if (coding === undefined) return undefined;
		if (httpVersion === '1.0') return { status: 400, why: 'HTTP/1.0 has no transfer codings' };
		return coding.toLowerCase() === 'chunked' ? undefined : { status: 501, why: `there is no transfer coding ${jsonString(coding)}` };
	}

	#adoptScheme(request: IncomingMessage): Refusal | undefined {
		let secure: boolean | undefined;
		for (const [name, value] of this.#schemes) {
			const given = request.headers[name];
			if (given === undefined) continue;
			if (!this.#trusted.includes(request.socket)) return undefined;
			const says = given === value;
			if (secure !== undefined && secure !== says) return { status: 400, why: 'the header fields about the scheme contradict each other' };
			secure = says;
		}
		const socket = request.socket as Socket & { encrypted?: boolean };
		// A proxy sends the requests of many clients over one connection.
		if ((socket.encrypted === true) !== (secure === true)) socket.encrypted = secure === true;
		return undefined;
	}
}

function dropFields(request: IncomingMessage, names: ReadonlySet<string>): void {
	const { headers, headersDistinct, rawHeaders } = request;
	for (const name of names) {
		delete headers[name];
		delete headersDistinct[name];
	}
	request.rawHeaders = rawHeaders.filter((_, index) => !names.has((rawHeaders[index & ~1] as string).toLowerCase()));
}
