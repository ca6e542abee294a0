import { setting } from './setting.js';
import { optional, wholeNumber } from './value-kind.js';

const section = 'Limits';

export const max_queued_requests = setting('max_queued_requests', {
	section,
	flags: ['--max-queued-requests'],
	kind: wholeNumber(0),
	default: 1024,
	doc: 'Requests on connections already accepted that may wait in a worker until it has time for them; one more is answered with 503.',
	own: true,
});

export const memory_budget = setting('memory_budget', {
	section,
	flags: ['--memory-budget'],
	kind: optional(wholeNumber(1)),
	default: null,
	doc: 'Megabytes that the greenlets of all workers may take together; without it, what the machine or its cgroup has.',
	own: true,
});

export const max_memory = setting('max_memory', {
	section,
	flags: ['--max-memory'],
	kind: wholeNumber(0),
	default: 0,
	doc: 'Resident megabytes from which on a worker is replaced without losing a request, one worker at a time; 0 for no limit.',
	own: true,
});

export const max_memory_hard = setting('max_memory_hard', {
	section,
	flags: ['--max-memory-hard'],
	kind: wholeNumber(0),
	default: 0,
	doc: 'Resident megabytes from which on a worker is killed; 0 for no limit.',
	own: true,
});

export const heap_limit = setting('heap_limit', {
	section,
	flags: ['--heap-limit'],
	kind: optional(wholeNumber(8)),
	default: null,
	doc: "Megabytes of JavaScript heap a worker may have; without it, a share of the cgroup's memory.",
	own: true,
});
