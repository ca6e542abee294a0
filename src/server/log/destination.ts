import { closeSync, constants, fchownSync, fstatSync, openSync } from 'node:fs';
import { isatty } from 'node:tty';

const { O_APPEND, O_CREAT, O_NOCTTY, O_NONBLOCK, O_WRONLY } = constants;

/** What POSIX promises to write to a pipe as a whole, whoever else writes to it. */
const PIPE_BUF = 4096;
/** A batch for a file, which takes any as a whole. */
const FILE_BATCH = 16_384;

/** A descriptor to write lines to. */
export interface Destination {
	/** As it is named in messages. */
	readonly name: string;
	readonly fd: number;
	/** Whether it may be closed: it is neither standard output nor standard error. */
	readonly own: boolean;
	/** A file, which does not wait for a reader but for a disk; otherwise a pipe, socket or terminal, which never blocks here. */
	readonly isFile: boolean;
	/** The longest batch of lines, in bytes, that is written without another writer's lines in its middle. */
	readonly batch: number;
	/** The standard stream through which alone it can be written to; undefined for a descriptor of its own, or a file's. */
	readonly stream: 1 | 2 | undefined;
}

/** To whom root gives its files; undefined: they stay as they are. */
export interface Owner {
	readonly uid: number | undefined;
	readonly gid: number | undefined;
}

/** Other names of the inherited descriptors; opening them fails where they are sockets. */
const STANDARD: ReadonlyMap<string, 1 | 2> = new Map([
	...(['/dev/stdout', '/dev/fd/1', '/proc/self/fd/1'].map((path) => [path, 1]) as [string, 1][]),
	...(['/dev/stderr', '/dev/fd/2', '/proc/self/fd/2'].map((path) => [path, 2]) as [string, 2][]),
]);

/**
 * Opens a log for appending; all processes may write to the same one.
 * @param path `-` is `standard`
 * @throws Node's own error when it cannot be opened; `ENXIO` for a FIFO that nobody reads
 */
export function openDestination(path: string, standard: 1 | 2, owner?: Owner): Destination {
	const inherited = path === '-' ? standard : STANDARD.get(path);
	if (inherited) return openStandard(inherited);
	const fd = openForAppending(path);
	try {
		const isFile = fstatSync(fd).isFile();
		if (isFile && owner && (owner.uid !== undefined || owner.gid !== undefined)) giveTo(fd, owner);
		return { name: path, fd, own: true, isFile, batch: isFile ? FILE_BATCH : PIPE_BUF, stream: undefined };
	} catch (error) {
		closeSync(fd);
		throw error;
	}
}

/**
 * Opens a file so that writing waits for nobody, and makes it if need be. Linux refuses even root to open what is there already with
 * `O_CREAT`, when it is another user's in a folder such as /tmp.
 * @throws Node's own error when it cannot be opened; `ENXIO` for a FIFO that nobody reads
 */
export function openForAppending(path: string): number {
	const flags = O_WRONLY | O_APPEND | O_NONBLOCK | O_NOCTTY;
	try {
		return openSync(path, flags);
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
		return openSync(path, flags | O_CREAT, 0o666);
	}
}

/** -1 leaves an id as it is. */
function giveTo(fd: number, { uid = -1, gid = -1 }: Owner): void {
	fchownSync(fd, uid, gid);
}

/**
 * A write to a pipe whose reader has stopped may block a thread of libuv's pool, and a process with such a thread can never exit. The
 * mode that prevents it belongs to everybody who has inherited the pipe. Linux can open a pipe or terminal once more, with a mode of its
 * own; a socket it cannot.
 */
function openStandard(standard: 1 | 2): Destination {
	const name = standard === 1 ? 'standard output' : 'standard error';
	const stat = fstatSync(standard);
	if (stat.isFile() || (stat.isCharacterDevice() && !isatty(standard)))
		return { name, fd: standard, own: false, isFile: true, batch: FILE_BATCH, stream: undefined };
	const rest = { name, isFile: false, batch: PIPE_BUF };
	const fd = stat.isSocket() ? undefined : openOnceMore(standard);
	if (fd !== undefined) return { ...rest, fd, own: true, stream: undefined };
	return { ...rest, fd: standard, own: false, stream: standard };
}

function openOnceMore(fd: number): number | undefined {
	if (process.platform !== 'linux') return undefined;
	try {
		return openSync(`/proc/self/fd/${fd}`, O_WRONLY | O_NONBLOCK | O_NOCTTY);
	} catch {
		// Another user's pipe or terminal.
		return undefined;
	}
}
