import net from 'node:net';
import { getSystemErrorName } from 'node:util';

/**
 * A bare socket handle of Node's: bound but, unlike a `net.Server`, neither listening nor polled, so that nothing is ever accepted
 * through it. Can be sent to a child over IPC.
 */
export interface ServerHandle {
	/** The descriptor, or -1 once closed. */
	readonly fd: number;
	/** Fills in the name of a TCP socket; returns an error number, 0 for none. Pipes have no such method. */
	getsockname?(out: { address?: string; port?: number }): number;
	/** Starts to listen and, from the next turn of the loop on, to accept; returns an error number, 0 for none. */
	listen(backlog: number): number;
	close(): void;
}

// The one way to bind without listening that exists on all supported versions; `net.BoundSocket` is for newer ones only.
type CreateServerHandle = (address: string | null, port: number | null, family: 4 | 6 | -1 | null, fd?: number) => ServerHandle | number;
const createServerHandle = (net as unknown as { _createServerHandle: CreateServerHandle })._createServerHandle;

/**
 * Binds a TCP socket without listening.
 * @param address an IP address, not a name
 * @throws Node's system error, with its `code`
 */
export function bindTcp(address: string, port: number): ServerHandle {
	return checked('bind', createServerHandle(address, port, net.isIPv6(address) ? 6 : 4));
}

/**
 * Binds a Unix socket without listening.
 * @throws Node's system error, with its `code`
 */
export function bindUnix(path: string): ServerHandle {
	return checked('bind', createServerHandle(path, -1, -1));
}

/** Wraps an inherited descriptor. */
export function openHandle(fd: number): ServerHandle {
	return checked('open', createServerHandle(null, null, null, fd));
}

/**
 * Asks for the port a TCP socket really has. libuv holds an EADDRINUSE of `bind` back until somebody asks: unasked, the socket
 * would later listen on a random port of every interface.
 * @throws Node's system error, with its `code`
 */
export function boundPort(handle: ServerHandle): number {
	const name: { port?: number } = {};
	checked('bind', handle.getsockname?.(name) ?? 0);
	return name.port ?? 0;
}

function checked<T>(syscall: string, result: T | number): T {
	if (typeof result !== 'number' || result === 0) return result as T;
	throw systemError(syscall, result);
}

/** The error that Node itself would throw for an error number. */
export function systemError(syscall: string, errno: number): NodeJS.ErrnoException {
	const code = getSystemErrorName(errno);
	return Object.assign(new Error(`${syscall} ${code}`), { code, errno, syscall });
}
