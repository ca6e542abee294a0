import { NO_DIRTY_ARBITERS, setting } from './setting.js';
import { list, seconds, wholeNumber } from './value-kind.js';

const section = 'Dirty Arbiters';

export const dirty_apps = setting('dirty_apps', {
	section,
	flags: ['--dirty-app'],
	kind: list('APP'),
	default: [],
	doc: 'Apps of the dirty pool; may be repeated.',
	support: NO_DIRTY_ARBITERS,
});

export const dirty_workers = setting('dirty_workers', {
	section,
	flags: ['--dirty-workers'],
	kind: wholeNumber(0),
	default: 0,
	doc: 'Processes of the dirty pool.',
	support: NO_DIRTY_ARBITERS,
});

export const dirty_timeout = setting('dirty_timeout', {
	section,
	flags: ['--dirty-timeout'],
	kind: seconds,
	default: 300,
	doc: 'How long a dirty job may take.',
	support: NO_DIRTY_ARBITERS,
});

export const dirty_threads = setting('dirty_threads', {
	section,
	flags: ['--dirty-threads'],
	kind: wholeNumber(1),
	default: 1,
	doc: 'Threads of a dirty process.',
	support: NO_DIRTY_ARBITERS,
});

export const dirty_graceful_timeout = setting('dirty_graceful_timeout', {
	section,
	flags: ['--dirty-graceful-timeout'],
	kind: seconds,
	default: 30,
	doc: 'How long dirty processes may take to stop.',
	support: NO_DIRTY_ARBITERS,
});
