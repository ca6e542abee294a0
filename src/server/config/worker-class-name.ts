import { nearest } from '../nearest.js';

/** The worker classes that have a name; each is a module of that name in `workers`. */
export const WORKER_CLASS_NAMES: readonly string[] = ['sync', 'gthread', 'gevent', 'async'];

/** gunicorn's other names, present and past, and what they run as here. */
const ALIASES: Readonly<Record<string, string>> = {
	gevent_wsgi: 'gevent',
	gevent_pywsgi: 'gevent',
	eventlet: 'gevent',
	asgi: 'async',
	tornado: 'async',
	gaiohttp: 'async',
};

function isPath(text: string): boolean {
	return text.includes('/') || /\.[cm]?[jt]s$/.test(text);
}

/**
 * Checks the value of `worker_class` without loading anything.
 * @throws RangeError whose message says what is needed instead
 */
export function checkWorkerClass(text: string): string {
	const names = [...WORKER_CLASS_NAMES, ...Object.keys(ALIASES)];
	if (names.includes(text) || isPath(text)) return text;
	const guess = nearest(text, names);
	throw new RangeError(`${WORKER_CLASS_NAMES.join(', ')} or the path of a module is needed${guess ? `; did you mean '${guess}'?` : ''}`);
}

/** What decides about the worker class. */
export interface WorkerClassSettings {
	readonly worker_class: string;
	readonly threads: number;
}

/** The worker class that really runs: one of the four names, or a path. More than one thread turns `sync` into `gthread`. */
export function workerClassOf({ worker_class, threads }: WorkerClassSettings): string {
	const name = ALIASES[worker_class] ?? worker_class;
	return name === 'sync' && threads > 1 ? 'gthread' : name;
}

/** What the log says at the start of a name that is not the class's own; undefined for all others. */
export function workerClassNotice({ worker_class }: WorkerClassSettings): string | undefined {
	const name = ALIASES[worker_class];
	return name && `Worker class ${worker_class} is deprecated and runs as ${name}: use --worker-class ${name}`;
}
