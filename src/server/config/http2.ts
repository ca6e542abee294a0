import { notYet, setting } from './setting.js';
import { choice, commaList, wholeNumber } from './value-kind.js';

const section = 'HTTP/2';

const NO_HTTP2 = notYet('HTTP/2 is not served yet; let a proxy such as nginx speak it');

export const http_protocols = setting('http_protocols', {
	section,
	flags: ['--http-protocols'],
	kind: commaList('NAMES', choice(['h1', 'h2', 'h3']).check),
	default: ['h1'],
	doc: 'The versions of HTTP, with commas between: h1, h2.',
	support: NO_HTTP2,
});

export const http2_cleartext = setting('http2_cleartext', {
	section,
	flags: ['--http2-cleartext'],
	kind: choice(['off', 'prior-knowledge', 'upgrade', 'both']),
	default: 'off',
	doc: 'HTTP/2 without TLS.',
	support: NO_HTTP2,
});

export const http2_max_concurrent_streams = setting('http2_max_concurrent_streams', {
	section,
	flags: ['--http2-max-concurrent-streams'],
	kind: wholeNumber(1),
	default: 100,
	doc: 'Streams of one connection at a time.',
	support: NO_HTTP2,
});

export const http2_initial_window_size = setting('http2_initial_window_size', {
	section,
	flags: ['--http2-initial-window-size'],
	kind: wholeNumber(1),
	default: 65_535,
	doc: 'Bytes of the window of flow control at the start.',
	support: NO_HTTP2,
});

export const http2_max_frame_size = setting('http2_max_frame_size', {
	section,
	flags: ['--http2-max-frame-size'],
	kind: wholeNumber(1),
	default: 16_384,
	doc: 'Bytes of one frame.',
	support: NO_HTTP2,
});

export const http2_max_header_list_size = setting('http2_max_header_list_size', {
	section,
	flags: ['--http2-max-header-list-size'],
	kind: wholeNumber(1),
	default: 65_536,
	doc: 'Bytes of all header fields of a request.',
	support: NO_HTTP2,
});
