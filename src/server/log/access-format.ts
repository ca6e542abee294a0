import type { Socket } from 'node:net';
import { basicUser, decodedPathOf, escapeValue, jsonString, pathOf, queryOf, requestField, responseField } from './access-fields.js';
import { localTime } from './error-log.js';
import type { Access } from './log.js';

/** Makes one line of the access log, without its end. */
export type AccessFormat = (access: Access) => string;

/** Gives a value as it is; undefined for one that there is not. */
type Atom = (access: Access) => string | undefined;

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** Values that no client can forge: they need no look at their characters. */
const OWN_ATOMS: Readonly<Record<string, () => Atom>> = {
	l: () => () => undefined,
	t: commonTime,
	s:
		() =>
		({ status }) =>
			status === 0 ? undefined : String(status),
	B:
		() =>
		({ bytes }) =>
			String(bytes),
	b:
		() =>
		({ status, bytes }) =>
			status === 0 ? undefined : String(bytes),
	T:
		() =>
		({ durationMs }) =>
			String(Math.floor(durationMs / 1000)),
	M:
		() =>
		({ durationMs }) =>
			String(Math.floor(durationMs)),
	D:
		() =>
		({ durationMs }) =>
			String(Math.floor(durationMs * 1000)),
	L:
		() =>
		({ durationMs }) =>
			(durationMs / 1000).toFixed(6),
	p: () => () => `<${process.pid}>`,
};

const CLIENT_ATOMS: Readonly<Record<string, Atom>> = {
	h: ({ request }) => request.socket.remoteAddress,
	u: ({ request }) => basicUser(request),
	r: ({ request, line }) => (line === undefined ? `${request.method} ${request.url} HTTP/${request.httpVersion}` : line || undefined),
	m: ({ request }) => request.method,
	U: ({ request }) => decodedPathOf(request) || undefined,
	q: ({ request }) => queryOf(request),
	H: protocolOf,
	f: ({ request }) => requestField(request, 'referer'),
	a: ({ request }) => requestField(request, 'user-agent'),
};

/** What gunicorn's `{name}e` knows of a request; its names are those of CGI. */
const ENVIRONMENT: Readonly<Record<string, Atom>> = {
	request_method: ({ request }) => request.method,
	raw_uri: ({ request }) => request.url,
	path_info: ({ request }) => decodedPathOf(request),
	query_string: ({ request }) => queryOf(request),
	script_name: () => '',
	server_protocol: protocolOf,
	server_port: ({ request }) => number(request.socket.localPort),
	server_name: ({ request }) => request.socket.localAddress,
	remote_addr: ({ request }) => request.socket.remoteAddress,
	remote_port: ({ request }) => number(request.socket.remotePort),
	remote_user: ({ request }) => basicUser(request),
	content_type: ({ request }) => requestField(request, 'content-type'),
	content_length: ({ request }) => requestField(request, 'content-length'),
	'wsgi.url_scheme': ({ request }) => ((request.socket as Socket & { encrypted?: boolean }).encrypted ? 'https' : 'http'),
};

function protocolOf({ request, line }: Access): string | undefined {
	return line === undefined ? `HTTP/${request.httpVersion}` : undefined;
}

function number(value: number | undefined): string | undefined {
	return value === undefined ? undefined : String(value);
}

/**
 * Compiles gunicorn's `access_log_format`. An atom that does not exist, and a value that a request lacks, is `-`.
 * @throws RangeError for a `%` that begins neither `%(NAME)s` nor `%%`
 * @example
 * ```ts no-run: it takes a request of the server
 * const format = compileAccessFormat('%(h)s "%(r)s" %(s)s');
 * ```
 */
export function compileAccessFormat(format: string): AccessFormat {
	const literals: string[] = [''];
	const atoms: Atom[] = [];
	for (const [part, name] of format.matchAll(/%\(([^)]*)\)[sd]|%%|[^%]+|%/g)) {
		if (name !== undefined) {
			atoms.push(atomFor(name));
			literals.push('');
		} else if (part === '%') {
			throw new RangeError(`each % must begin an atom such as %(h)s, or be doubled, which is not so in '${format}'`);
		} else {
			literals[literals.length - 1] += part === '%%' ? '%' : part;
		}
	}
	const [first = '', ...rest] = literals;
	return (access) => {
		let line = first;
		for (let at = 0; at < atoms.length; at++) line += (atoms[at] as Atom)(access) + (rest[at] as string);
		return line;
	};
}

function atomFor(name: string): Atom {
	const own = Object.hasOwn(OWN_ATOMS, name) ? OWN_ATOMS[name]?.() : undefined;
	if (own) return (access) => own(access) ?? '-';
	const client = clientAtom(name);
	return (access) => {
		const value = client(access);
		return value === undefined ? '-' : escapeValue(value);
	};
}

function clientAtom(name: string): Atom {
	if (Object.hasOwn(CLIENT_ATOMS, name)) return CLIENT_ATOMS[name] as Atom;
	const [, braced = '', kind] = /^\{(.*)\}([ioe])$/.exec(name) ?? [];
	const key = braced.toLowerCase();
	if (kind === 'i') return ({ request }) => requestField(request, key);
	if (kind === 'o') return (access) => responseField(access, key);
	if (kind === 'e') return environmentAtom(key);
	return () => undefined;
}

function environmentAtom(key: string): Atom {
	if (Object.hasOwn(ENVIRONMENT, key)) return ENVIRONMENT[key] as Atom;
	const field = key.startsWith('http_') ? key.slice(5).replaceAll('_', '-') : undefined;
	return ({ request }) => (field === undefined ? undefined : requestField(request, field));
}

/** `[02/Jan/2026:03:04:05 +0100]`, made once a second. */
function commonTime(): Atom {
	let second = Number.NaN;
	let text = '';
	return ({ startedAt, durationMs }) => {
		const now = Math.floor((startedAt + durationMs) / 1000);
		if (now !== second) {
			second = now;
			const { local, zone } = localTime(new Date(now * 1000));
			text = `[${local.slice(8, 10)}/${MONTHS[Number(local.slice(5, 7)) - 1]}/${local.slice(0, 4)}:${local.slice(11, 19)} ${zone}]`;
		}
		return text;
	};
}

/** One JSON object a line, in ASCII. `time` is when the request began; `duration_ms` is how long it took until its answer was sent. */
export function jsonAccess(): AccessFormat {
	const text = (value: string | undefined) => (value === undefined || value === '' ? 'null' : jsonString(value));
	let second = Number.NaN;
	let prefix = '';
	const time = (ms: number) => {
		const now = Math.floor(ms / 1000);
		if (now !== second) {
			second = now;
			prefix = new Date(now * 1000).toISOString().slice(0, 20);
		}
		return `${prefix}${String(Math.floor(ms) - now * 1000).padStart(3, '0')}Z`;
	};
	return ({ request, line, requestId, status, bytes, startedAt, durationMs }) =>
		`{"time":"${time(startedAt)}","request_id":${text(requestId)},"remote_addr":${text(request.socket.remoteAddress)}` +
		`,"method":${text(request.method)},"path":${text(pathOf(request))},"query":${text(queryOf(request))}` +
		`,"protocol":${line === undefined ? `"HTTP/${request.httpVersion}"` : 'null'},"status":${status === 0 ? 'null' : status},"bytes":${bytes}` +
		`,"duration_ms":${Math.round(durationMs * 1000) / 1000},"referer":${text(requestField(request, 'referer'))}` +
		`,"user_agent":${text(requestField(request, 'user-agent'))},"pid":${process.pid}}`;
}
