import { nearest } from '../nearest.js';

/** The worker classes that have a name; each is a module of that name in `workers`. */
export const WORKER_CLASS_NAMES: readonly string[] = ['sync', 'gevent'];

function isPath(text: string): boolean {
	return text.includes('/') || /\.[cm]?[jt]s$/.test(text);
}

/**
 * Checks the value of `worker_class` without loading anything.
 * @throws RangeError whose message says what is needed instead
 */
export function checkWorkerClass(text: string): string {
	if (WORKER_CLASS_NAMES.includes(text) || isPath(text)) return text;
	const guess = nearest(text, WORKER_CLASS_NAMES);
	throw new RangeError(`${WORKER_CLASS_NAMES.join(', ')} or the path of a module is needed${guess ? `; did you mean '${guess}'?` : ''}`);
}
