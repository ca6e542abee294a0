import { notYet, refused, setting } from './setting.js';
import { optional, switchTo, text, wholeNumber } from './value-kind.js';

const section = 'SSL';

const NO_TLS = notYet('TLS is not served yet; let a proxy such as nginx end it');

export const keyfile = setting('keyfile', {
	section,
	flags: ['--keyfile'],
	kind: optional(text('FILE')),
	default: null,
	doc: 'The key of the certificate.',
	support: NO_TLS,
});

export const certfile = setting('certfile', {
	section,
	flags: ['--certfile'],
	kind: optional(text('FILE')),
	default: null,
	doc: 'The certificate.',
	support: NO_TLS,
});

export const ssl_version = setting('ssl_version', {
	section,
	flags: ['--ssl-version'],
	kind: wholeNumber(0),
	default: 2,
	doc: "A number of Python's for the version of TLS.",
	support: refused('the versions of TLS are those of this Node; use NODE_OPTIONS=--tls-min-v1.3'),
});

export const cert_reqs = setting('cert_reqs', {
	section,
	flags: ['--cert-reqs'],
	kind: wholeNumber(0, 2),
	default: 0,
	doc: 'Whether a client needs a certificate: 0 no, 1 if it has one, 2 yes.',
	support: NO_TLS,
});

export const ca_certs = setting('ca_certs', {
	section,
	flags: ['--ca-certs'],
	kind: optional(text('FILE')),
	default: null,
	doc: "The authorities that clients' certificates come from.",
	support: NO_TLS,
});

export const suppress_ragged_eofs = setting('suppress_ragged_eofs', {
	section,
	flags: ['--suppress-ragged-eofs'],
	kind: switchTo<boolean>(true),
	default: true,
	doc: "A switch of Python's ssl module.",
	support: refused("it is a switch of Python's ssl module; leave it out"),
});

export const do_handshake_on_connect = setting('do_handshake_on_connect', {
	section,
	flags: ['--do-handshake-on-connect'],
	kind: switchTo<boolean>(true),
	default: false,
	doc: "A switch of Python's ssl module.",
	support: refused("it is a switch of Python's ssl module; leave it out"),
});

export const ciphers = setting('ciphers', {
	section,
	flags: ['--ciphers'],
	kind: optional(text('CIPHERS')),
	default: null,
	doc: "The ciphers, in OpenSSL's form.",
	support: NO_TLS,
});
