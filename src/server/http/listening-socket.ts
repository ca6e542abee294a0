import { closeSync, openSync } from 'node:fs';
import net from 'node:net';
import { bindTcp, boundName, openHandle, type ServerHandle, systemError } from '../arbiter/server-handle.js';
import type { Log } from '../log/log.js';
import type { ListenerSpec } from '../worker/worker-contract.js';

/** How long a listener that could not be taken up again waits for the next attempt, in milliseconds. */
const RETRY_MS = 1_000;
/** At most one line in the log for so many milliseconds of connections that cannot be accepted. */
const COMPLAINT_MS = 1_000;

let zeroTaken = false;

/**
 * Whether a thread that was starting got descriptor 0 while a listener vacated it. libuv refuses to close it with the thread's event loop:
 * an orderly exit would end in an abort, so whoever is done with everything had better kill his process.
 */
export function exitWouldAbort(): boolean {
	return zeroTaken;
}

export interface ListeningOptions {
	/** Connections the kernel keeps waiting; given again because listening on an inherited descriptor resets it. */
	readonly backlog: number;
	readonly log: Log;
	/** Brings another copy of a listener that has been closed: a handle of Node's, or the descriptor alone. */
	readonly fetch: () => Promise<{ readonly fd: number }>;
	readonly onConnection: (socket: net.Socket) => void;
}

/** A bare handle with what `net.Server` listens for on it; no type declares it. */
interface AcceptingHandle extends ServerHandle {
	onconnection(errno: number, client: unknown): void;
}

/**
 * A listening socket of a worker that can stop to accept, so that the kernel keeps what comes for another worker, and start again.
 * Node has no call for that: closing the handle is the only way, and it closes the descriptor, except for 0, which libuv leaves alone.
 * Of any other listener the worker therefore fetches another copy when it accepts again. A worker's own socket (`reuse_port`) never
 * stops: nobody else could take what the kernel has given to it.
 *
 * The handles are used bare: `net.Server` leaves the handle of a Unix socket that it is given open for ever, beside one of its own.
 */
export class ListeningSocket {
	readonly #spec: ListenerSpec;
	readonly #options: ListeningOptions;
	#handle: ServerHandle | undefined;
	/** A copy that came when nobody wanted it any more. */
	#spare: ServerHandle | undefined;
	#fetching = false;
	#retry: NodeJS.Timeout | undefined;
	#wanted = false;
	#closed = false;
	#complainedAt = -COMPLAINT_MS;

	constructor(spec: ListenerSpec, options: ListeningOptions) {
		this.#spec = spec;
		this.#options = options;
	}

	/**
	 * Starts to accept.
	 * @throws Node's system error when this is no socket that can listen, or when a socket of its own cannot be bound
	 */
	start(): void {
		const { own, fd } = this.#spec;
		this.#wanted = true;
		if (!own) {
			this.#listen(openHandle(fd));
			return;
		}
		const handle = bindTcp(own.host, own.port, true);
		boundName(handle);
		this.#listen(handle);
	}

	/** Whether it can accept again without asking anybody. */
	get ready(): boolean {
		return this.#spec.fd === 0 || this.#spare !== undefined;
	}

	/** Leaves new connections in the kernel. */
	pause(): void {
		clearTimeout(this.#retry);
		if (this.#spec.own || !this.#wanted) return;
		this.#stop();
		if (!this.ready) void this.#fetch();
	}

	/** Accepts again. */
	resume(): void {
		clearTimeout(this.#retry);
		if (this.#wanted || this.#closed) return;
		this.#wanted = true;
		if (this.ready) this.#listenAgain();
		else void this.#fetch();
	}

	/**
	 * Lets go of the socket. Where this was the last copy of it, connections that wait in the kernel are reset.
	 * @param exiting the process ends now, which closes descriptor 0 by itself. To vacate it takes a moment, and a thread that starts just then
	 * would get it for its event loop, which libuv refuses to close: the process would abort
	 */
	close(exiting: boolean): void {
		if (this.#closed) return;
		this.#closed = true;
		this.#stop();
		this.#spare?.close();
		if (this.#spec.fd !== 0 || exiting) return;
		closeSync(0);
		// Fills the gap: a connection that got descriptor 0 could never be closed.
		if (openSync('/dev/null', 'r') !== 0) zeroTaken = true;
	}

	#stop(): void {
		this.#wanted = false;
		this.#handle?.close();
		this.#handle = undefined;
	}

	/** Gets another copy, held until it is wanted: as long as this process has one, nobody who waits in the kernel is reset. */
	async #fetch(): Promise<void> {
		if (this.#fetching) return;
		this.#fetching = true;
		try {
			this.#spare = asHandle(await this.#options.fetch());
		} catch (error) {
			// Whoever does not want it yet asks again when he does.
			if (this.#wanted) this.#retryLater(error);
			return;
		} finally {
			this.#fetching = false;
		}
		if (this.#closed) this.#spare.close();
		else if (this.#wanted) this.#listenAgain();
	}

	#listenAgain(): void {
		try {
			const handle = this.#spare ?? openHandle(this.#spec.fd);
			this.#spare = undefined;
			this.#listen(handle);
		} catch (error) {
			this.#retryLater(error);
		}
	}

	#listen(handle: ServerHandle): void {
		const { backlog, onConnection } = this.#options;
		(handle as AcceptingHandle).onconnection = (errno, client) => {
			if (errno !== 0) this.#complain(systemError('accept', errno));
			else onConnection(connectionOf(client));
		};
		const errno = handle.listen(backlog);
		if (errno !== 0) {
			handle.close();
			throw systemError('listen', errno);
		}
		this.#handle = handle;
	}

	#complain(error: Error): void {
		const now = performance.now();
		if (now - this.#complainedAt < COMPLAINT_MS) return;
		this.#complainedAt = now;
		this.#options.log.error(`Cannot accept a connection at ${this.#spec.address}`, error);
	}

	#retryLater(error: unknown): void {
		if (this.#closed) return;
		this.#wanted = false;
		this.#options.log.error(`Cannot listen at ${this.#spec.address} again, the next attempt is in ${RETRY_MS / 1_000} s`, error);
		this.#retry = setTimeout(() => this.resume(), RETRY_MS).unref();
	}
}

function asHandle(copy: { readonly fd: number }): ServerHandle {
	return 'listen' in copy ? (copy as ServerHandle) : openHandle(copy.fd);
}

/** What `net.Server` makes of an accepted connection, with the options with which http.Server itself would listen. */
function connectionOf(client: unknown): net.Socket {
	const options = { handle: client, allowHalfOpen: true, readable: true, writable: true };
	return new net.Socket(options as net.SocketConstructorOpts).setNoDelay(true);
}
