import { setting } from './setting.js';
import { wholeNumber } from './value-kind.js';

const section = 'Security';

export const limit_request_line = setting('limit_request_line', {
	section,
	flags: ['--limit-request-line'],
	kind: wholeNumber(0),
	default: 4094,
	doc: 'Bytes of a request line; 0 and more than 8190 count as 8190.',
});

export const limit_request_fields = setting('limit_request_fields', {
	section,
	flags: ['--limit-request-fields'],
	kind: wholeNumber(0),
	default: 100,
	doc: 'Header fields of a request; 0 and more than 32768 count as 32768.',
});

export const limit_request_field_size = setting('limit_request_field_size', {
	section,
	flags: ['--limit-request-field_size'],
	kind: wholeNumber(0),
	default: 8190,
	doc: 'Bytes of one header field; 0 counts as 8190.',
});
