import { setting } from './setting.js';
import { seconds, wholeNumber } from './value-kind.js';

const section = 'Deadlines';

export const header_timeout = setting('header_timeout', {
	section,
	flags: ['--header-timeout'],
	kind: seconds,
	default: 30,
	doc: 'How long the header of a request may take, from its first byte on, or from the connection for the first one; 0 waits for ever.',
	own: true,
});

export const body_timeout = setting('body_timeout', {
	section,
	flags: ['--body-timeout'],
	kind: seconds,
	default: 60,
	doc: 'How long a client may send no byte of a body that is not complete; 0 waits for ever.',
	own: true,
});

export const write_timeout = setting('write_timeout', {
	section,
	flags: ['--write-timeout'],
	kind: seconds,
	default: 60,
	doc: 'How long a client may take no byte of a response that waits for it; 0 waits for ever.',
	own: true,
});

export const request_timeout = setting('request_timeout', {
	section,
	flags: ['--request-timeout'],
	kind: seconds,
	default: 0,
	doc: 'How long a request may take from its header to the end of its response, and its greenlet altogether; ends that request alone. 0 waits for ever.',
	own: true,
});

export const request_timeout_status = setting('request_timeout_status', {
	section,
	flags: ['--request-timeout-status'],
	kind: wholeNumber(400, 599),
	default: 503,
	doc: 'The status a request is answered with when request_timeout ends it before its response has begun.',
	own: true,
});
