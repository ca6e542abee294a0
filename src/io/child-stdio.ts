import { argumentError, shown } from './argument-error.js';
import type { StdioMessage } from './child-process-messages.js';

/** A stream as far as a child can use it. */
interface Described {
	readonly fd?: unknown;
	readonly _handle?: { readonly fd?: unknown } | null;
}

/**
 * The option `stdio` of a synchronous child as the hub can use it: streams become their descriptors, which belong to the process.
 * @throws TypeError `ERR_INVALID_ARG_VALUE`; Error `ERR_IPC_SYNC_FORK`, as nobody could answer the child's messages
 */
export function stdioMessage(stdio: unknown): StdioMessage | StdioMessage[] {
	if (Array.isArray(stdio)) return stdio.map(one);
	if (stdio === 'pipe' || stdio === 'overlapped' || stdio === 'ignore' || stdio === 'inherit') return stdio;
	throw argumentError(
		'ERR_INVALID_ARG_VALUE',
		`Cannot start a child: stdio must be 'pipe', 'overlapped', 'ignore', 'inherit' or an array, got ${shown(stdio)}`,
	);
}

function one(item: unknown): StdioMessage {
	if (item === 'ipc')
		throw argumentError('ERR_IPC_SYNC_FORK', 'Cannot start a child with an IPC channel: nobody could read it while this greenlet waits');
	if (item === undefined || item === null) return null;
	if (typeof item === 'string' || typeof item === 'number') return item;
	const fd = descriptorOf(item);
	if (typeof fd === 'number' && fd >= 0) return fd;
	throw argumentError(
		'ERR_INVALID_ARG_VALUE',
		`Cannot start a child: an item of stdio must be a word, a descriptor or a stream that has one, got ${shown(item)}`,
	);
}

function descriptorOf(item: unknown): unknown {
	const { fd, _handle } = item as Described;
	if (typeof fd === 'number') return fd;
	if (_handle) return _handle.fd;
	// In a thread the standard streams have no descriptor of their own; the process's are meant.
	return [process.stdin, process.stdout, process.stderr].indexOf(item as typeof process.stdin);
}
