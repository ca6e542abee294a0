import { type Setting, seconds, single, wholeNumber } from './setting.js';
import { checkWorkerClass } from './worker-class-name.js';

export const workers: Setting<number> = {
	name: 'workers',
	section: 'Worker Processes',
	flags: ['-w', '--workers'],
	metavar: 'INT',
	doc: 'Worker processes.',
	default: 1,
	parse: single(wholeNumber(1)),
};

export const worker_class: Setting<string> = {
	name: 'worker_class',
	section: 'Worker Processes',
	flags: ['-k', '--worker-class'],
	metavar: 'CLASS',
	doc: 'How a worker serves: sync, gevent, or the path of a module whose default export extends Worker.',
	default: 'sync',
	parse: single(checkWorkerClass),
};

export const worker_connections: Setting<number | null> = {
	name: 'worker_connections',
	section: 'Worker Processes',
	flags: ['--worker-connections'],
	metavar: 'INT',
	doc: 'Requests a gevent worker runs at once; without it, as many as its limit on greenlets allows.',
	default: null,
	parse: single(wholeNumber(1)),
};

export const graceful_timeout: Setting<number> = {
	name: 'graceful_timeout',
	section: 'Worker Processes',
	flags: ['--graceful-timeout'],
	metavar: 'SECONDS',
	doc: 'How long requests in flight may take after TERM before their worker is killed.',
	default: 30,
	parse: single(seconds),
};

export const keepalive: Setting<number> = {
	name: 'keepalive',
	section: 'Worker Processes',
	flags: ['--keep-alive'],
	metavar: 'SECONDS',
	doc: 'How long an idle connection waits for its next request; 0 closes after every answer.',
	default: 2,
	parse: single(seconds),
};
