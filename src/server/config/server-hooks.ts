import { NO_DIRTY_ARBITERS, notYet, type Section, type Support, WORKS } from './setting.js';

/** A function that a config file may export, and that the server calls at its time. */
export interface Hook {
	readonly name: string;
	readonly section: Section;
	/** Its arguments, as they stand in the reference. */
	readonly parameters: string;
	/** Where it runs: in the arbiter's config thread, or in the worker process itself. */
	readonly side: 'arbiter' | 'worker';
	readonly doc: string;
	readonly support: Support;
}

/** The hooks that run in the arbiter, next to its event loop and never in it. */
export const ARBITER_HOOK_NAMES = [
	'on_starting',
	'on_reload',
	'when_ready',
	'pre_fork',
	'pre_exec',
	'child_exit',
	'nworkers_changed',
	'on_exit',
] as const;

export type ArbiterHookName = (typeof ARBITER_HOOK_NAMES)[number];

const hook = (name: string, parameters: string, side: Hook['side'], doc: string): Hook => ({
	name,
	section: 'Server Hooks',
	parameters,
	side,
	doc,
	support: WORKS,
});

const dirtyHook = (name: string, parameters: string): Hook => ({
	...hook(name, parameters, 'arbiter', 'A hook of the dirty arbiters.'),
	section: 'Dirty Arbiter Hooks',
	support: NO_DIRTY_ARBITERS,
});

/** Every hook of gunicorn's. */
export const hookList: readonly Hook[] = [
	hook('on_starting', 'server', 'arbiter', 'Before anything is bound or started.'),
	hook('on_reload', 'server', 'arbiter', 'On HUP, when the settings have been read and before new workers start.'),
	hook('when_ready', 'server', 'arbiter', 'When the server listens.'),
	hook('pre_fork', 'server, worker', 'arbiter', 'Before a worker starts; the worker has no pid yet.'),
	hook('post_fork', 'server, worker', 'worker', 'In a worker, when its process has started.'),
	hook('post_worker_init', 'worker', 'worker', 'In a worker, when the app has been loaded.'),
	hook('worker_int', 'worker', 'worker', 'In a worker, on INT and QUIT.'),
	hook('worker_abort', 'worker', 'worker', 'In a worker, on ABRT, which is what `timeout` sends.'),
	hook('pre_exec', 'server', 'arbiter', 'On USR2, before the new arbiter starts.'),
	hook('pre_request', 'worker, req', 'worker', 'In a worker, before a request is handled.'),
	hook(
		'post_request',
		'worker, req, environ, resp',
		'worker',
		'In a worker, when a response has ended; environ is undefined, resp is { status }, 0 when nothing was answered.',
	),
	hook('child_exit', 'server, worker', 'arbiter', 'When a worker has ended.'),
	hook('worker_exit', 'server, worker', 'worker', 'In a worker, before its process ends.'),
	hook(
		'nworkers_changed',
		'server, new_value, old_value',
		'arbiter',
		'When the number of workers has been changed; the first time there is no old one.',
	),
	hook('on_exit', 'server', 'arbiter', 'Before the server ends.'),
	{ ...hook('ssl_context', 'config, default_factory', 'arbiter', 'Makes the TLS context.'), support: notYet('TLS is not served yet') },
	dirtyHook('on_dirty_starting', 'arbiter'),
	dirtyHook('dirty_post_fork', 'arbiter, worker'),
	dirtyHook('dirty_worker_init', 'worker'),
	dirtyHook('dirty_worker_exit', 'arbiter, worker'),
];
