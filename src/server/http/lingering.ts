import net from 'node:net';

/** How long a client that has been answered may say nothing before its connection is closed, in milliseconds. */
const IDLE_MS = 2_000;
/** How long it may go on sending, in milliseconds. */
const LONGEST_MS = 5_000;
/** How much it may go on sending, in bytes. */
const MOST_BYTES = 64 * 1024 * 1024;

/** Node's fields that no type declares. */
interface ServedSocket extends net.Socket {
	_handle: { readonly bytesWritten: number } | null;
	/** What reads the requests off it; gone once Node has given the connection away. */
	readonly parser?: { readonly incoming?: { readonly complete: boolean } | null } | null;
}

/** Whether a request's body has not come in completely, so that more of it may be in the kernel or on its way. */
export function isUploading(socket: net.Socket): boolean {
	return (socket as ServedSocket).parser?.incoming?.complete === false;
}

/** Whether a request's header has ever been read off this connection. */
export function hasAsked(socket: net.Socket): boolean {
	const { parser } = socket as ServedSocket;
	return parser?.incoming !== null && parser?.incoming !== undefined;
}

/**
 * Ends a connection whose client may still be sending, with what has been written to it as the last that it hears. Closing it with unread
 * input would make the kernel send a reset, and with that the client's kernel throws the answer away (RFC 9112, 9.6): this side is shut
 * down instead, and what comes is read and dropped for a while. Runs on the hub.
 *
 * The socket itself closes as soon as its bytes have gone, so that everybody who serves it hears that it is over; the connection
 * goes on in a socket that nobody serves.
 * @param taken is given that socket, which closes by itself: 2 s after the last byte and 5 s after the first at the latest
 */
export function linger(socket: net.Socket, taken: (rest: net.Socket) => void): void {
	// From here on nothing is read as a request: Node's parser lets go of a socket that somebody else reads.
	socket.removeAllListeners('data').on('data', () => undefined);
	if (socket.writableLength === 0) handOver(socket, taken);
	else socket.end(() => handOver(socket, taken));
}

function handOver(socket: net.Socket, taken: (rest: net.Socket) => void): void {
	const served = socket as ServedSocket;
	const handle = served._handle;
	// With nothing more to read there is nothing to wait for.
	if (socket.destroyed || socket.readableEnded || !handle) {
		socket.destroy();
		return;
	}
	// Node's own count goes with the handle; the access log asks for it afterwards.
	Object.defineProperty(socket, '_bytesDispatched', { value: handle.bytesWritten });
	served._handle = null;
	socket.destroy();
	const rest = new net.Socket({ handle, allowHalfOpen: true, readable: true, writable: true } as net.SocketConstructorOpts);
	taken(rest);
	discard(rest);
}

/** It closes by itself when the client has ended it, too. */
function discard(rest: net.Socket): void {
	let left = MOST_BYTES;
	const close = () => rest.destroy();
	const idle = setTimeout(close, IDLE_MS);
	const longest = setTimeout(close, LONGEST_MS);
	rest.on('data', (bytes: Buffer) => {
		left -= bytes.length;
		if (left < 0) close();
		else idle.refresh();
	});
	rest.on('error', close).once('close', () => {
		clearTimeout(idle);
		clearTimeout(longest);
	});
	rest.end();
}
