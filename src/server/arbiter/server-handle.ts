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
type CreateServerHandle = (
	address: string | null,
	port: number | null,
	family: 4 | 6 | -1 | null,
	fd?: number,
	flags?: number,
) => ServerHandle | number;
const createServerHandle = (net as unknown as { _createServerHandle: CreateServerHandle })._createServerHandle;

/** libuv's flag for SO_REUSEPORT. */
const UV_TCP_REUSEPORT = 2;

/** Whether this Node can share a port among processes that each bind it: since 22.12 and 23.1. */
export function knowsReusePort(version: string = process.versions.node): boolean {
	const [major = 0, minor = 0] = version.split('.').map(Number);
	return major > 23 || (major === 23 && minor >= 1) || (major === 22 && minor >= 12);
}

/**
 * Binds a TCP socket without listening.
 * @param address an IP address, not a name
 * @param reusePort whether others may bind the same port the same way
 * @throws Node's system error, with its `code`
 */
export function bindTcp(address: string, port: number, reusePort = false): ServerHandle {
	const flags = reusePort ? UV_TCP_REUSEPORT : 0;
	return checked('bind', createServerHandle(address, port, net.isIPv6(address) ? 6 : 4, undefined, flags));
}

/**
 * Binds a Unix socket without listening. Closing the handle leaves the path alone.
 * @throws Node's system error, with its `code`
 */
export function bindUnix(path: string): ServerHandle {
	const binding = checked('bind', createServerHandle(path, -1, -1));
	// libuv unlinks the path with the handle that bound it, even if it is another server's by now; a second handle on the
	// same descriptor knows no path. The first one is never closed: it was never polled and holds nothing else.
	return openHandle(binding.fd);
}

/** Wraps an inherited descriptor. */
export function openHandle(fd: number): ServerHandle {
	return checked('open', createServerHandle(null, null, null, fd));
}

/**
 * Asks for the name a TCP socket really has; undefined for a Unix socket. libuv holds an EADDRINUSE of `bind` back until somebody
 * asks: unasked, the socket would later listen on a random port of every interface.
 * @throws Node's system error, with its `code`
 */
export function boundName(handle: ServerHandle): { readonly host: string; readonly port: number } | undefined {
	if (!handle.getsockname) return undefined;
	const name: { address?: string; port?: number } = {};
	checked('bind', handle.getsockname(name));
	return { host: name.address ?? '', port: name.port ?? 0 };
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
