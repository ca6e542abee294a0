import { notYet, refused, setting } from './setting.js';
import { addresses, choice, commaList, switchTo, text } from './value-kind.js';

const section = 'Server Mechanics';

const LLHTTP = "Node's parser";

export const forwarded_allow_ips = setting('forwarded_allow_ips', {
	section,
	flags: ['--forwarded-allow-ips'],
	kind: addresses,
	default: ['127.0.0.1', '::1'],
	env: { variable: 'FORWARDED_ALLOW_IPS', text: (value) => value },
	doc: 'Whose header fields about the real client are believed: IP addresses and networks with commas between, or * for all. Peers on a unix socket always are.',
});

export const proxy_protocol = setting('proxy_protocol', {
	section,
	flags: ['--proxy-protocol'],
	kind: choice(['off', 'v1', 'v2', 'auto'], 'auto'),
	default: 'off',
	doc: 'Reads the PROXY protocol; the flag alone means auto.',
	support: notYet('the PROXY protocol is not read yet; let the proxy send X-Forwarded-For'),
});

export const proxy_allow_ips = setting('proxy_allow_ips', {
	section,
	flags: ['--proxy-allow-from'],
	kind: addresses,
	default: ['127.0.0.1', '::1'],
	doc: 'Who may use the PROXY protocol.',
	support: notYet('the PROXY protocol is not read yet; see forwarded_allow_ips'),
});

export const protocol = setting('protocol', {
	section,
	flags: ['--protocol'],
	kind: choice(['http', 'uwsgi']),
	default: 'http',
	doc: 'What is spoken on the listening sockets.',
	support: notYet('only http is spoken yet; in nginx use proxy_pass instead of uwsgi_pass'),
});

export const uwsgi_allow_ips = setting('uwsgi_allow_ips', {
	section,
	flags: ['--uwsgi-allow-from'],
	kind: addresses,
	default: ['127.0.0.1', '::1'],
	doc: 'Who may speak uwsgi.',
	support: notYet('only http is spoken yet'),
});

export const permit_obsolete_folding = setting('permit_obsolete_folding', {
	section,
	flags: ['--permit-obsolete-folding'],
	kind: switchTo<boolean>(true),
	default: false,
	doc: 'Takes header fields that are folded over several lines.',
	support: refused(`${LLHTTP} refuses them unless it is made insecure as a whole; mend the client, or unfold them in a proxy`),
});

export const strip_header_spaces = setting('strip_header_spaces', {
	section,
	flags: ['--strip-header-spaces'],
	kind: switchTo<boolean>(true),
	default: false,
	doc: 'Takes header fields with blanks before the colon.',
	support: refused(`${LLHTTP} refuses them, as requests could be smuggled that way; mend the client`),
});

export const permit_unconventional_http_method = setting('permit_unconventional_http_method', {
	section,
	flags: ['--permit-unconventional-http-method'],
	kind: switchTo<boolean>(true),
	default: false,
	doc: 'Takes methods that no registry knows.',
	support: refused(`${LLHTTP} knows the methods of http.METHODS and no others; use one of them`),
});

export const permit_unconventional_http_version = setting('permit_unconventional_http_version', {
	section,
	flags: ['--permit-unconventional-http-version'],
	kind: switchTo<boolean>(true),
	default: false,
	doc: 'Takes versions other than 1.0 and 1.1.',
	support: refused(`${LLHTTP} knows no other; mend the client`),
});

export const casefold_http_method = setting('casefold_http_method', {
	section,
	flags: ['--casefold-http-method'],
	kind: switchTo<boolean>(true),
	default: false,
	doc: 'Takes methods in small letters.',
	support: refused(`${LLHTTP} tells small letters from capitals, as RFC 9110 does; mend the client`),
});

export const forwarder_headers = setting('forwarder_headers', {
	section,
	flags: ['--forwarder-headers'],
	kind: commaList('NAMES', (name) => name.toUpperCase()),
	default: ['SCRIPT_NAME', 'PATH_INFO'],
	doc: 'Header fields with an underscore in their name that a trusted proxy may send, whatever header_map says.',
});

export const header_map = setting('header_map', {
	section,
	flags: ['--header-map'],
	kind: choice(['drop', 'refuse', 'dangerous']),
	default: 'drop',
	doc: 'What happens to header fields with an underscore in their name: drop takes the field away, refuse answers with 400, dangerous keeps it.',
});

export const root_path = setting('root_path', {
	section,
	flags: ['--root-path'],
	kind: text('PATH'),
	default: '',
	doc: 'The path under which an ASGI app is mounted.',
	support: notYet("there is no ASGI yet; let the app or its router know its path, as with Express' app.use('/path', router)"),
});
