import { duration } from '../engine/duration.js';
import { block } from '../engine/engine.js';
import { registerHandle } from '../engine/threads/codec.js';
import { ClosedError } from '../errors.js';
import type { HANDLE } from '../greenlet/cloned.js';
import { ACCEPT, CLOSE_LISTENER, type ListenerAddress, type Listening } from './net-messages.js';
import { Socket } from './net-socket.js';

/** What `accept` may be told. */
export interface AcceptOptions {
	/** Milliseconds to wait for a connection; default no limit, 0 takes only one that is there already. */
	readonly timeout?: number | undefined;
}

/**
 * A listening socket, TCP or Unix, in blocking style: `listenSync` makes them.
 *
 * Any number of greenlets may accept at once; each connection goes to one of them. The state lives on the hub: the
 * object may be passed to `spawn`, and the socket listens until `close()` or until its last holder ends. Connections
 * that nobody has accepted wait unread, at most `backlog` of them; further ones are closed at once.
 * @example
 * ```ts
 * using listener = listenSync(0, '127.0.0.1');
 * using caller = connectSync({ port: listener.port, host: '127.0.0.1' });
 * using client = listener.accept({ timeout: 5_000 });
 * client.end('welcome');
 * console.log(caller.readAll('utf8'));
 * ```
 */
export class Listener {
	declare readonly [HANDLE]: true;
	readonly #handle: number;
	readonly #address: ListenerAddress;
	#closed = false;

	/** @internal Listeners come from `listenSync` and other threads. */
	constructor(listening: Listening) {
		this.#handle = listening.handle;
		this.#address = listening.address;
	}

	/** This object was closed; another greenlet's `close()` shows at the next call only. */
	get closed(): boolean {
		return this.#closed;
	}

	/** Where it listens, as `server.address()` says: the port that was chosen for 0, a string for a Unix path. */
	address(): ListenerAddress {
		return this.#address;
	}

	/** The port it listens on; undefined for a Unix path. */
	get port(): number | undefined {
		return typeof this.#address === 'string' ? undefined : this.#address.port;
	}

	/**
	 * Waits for the next connection. Parks, unless one is there already.
	 * @throws TimedOutError `ETIMEDOUT` when `timeout` milliseconds have passed
	 * @throws ClosedError `ERR_CLOSED` when the listener is or becomes closed on this side
	 * @throws Error `EMFILE` and the system's other errors; the listener goes on
	 */
	accept(options: AcceptOptions = {}): Socket {
		const timeoutMs = duration(options.timeout, 'timeout');
		return new Socket(block(ACCEPT, this.#open('accept from'), timeoutMs));
	}

	/** Yields connections until the listener is closed. Leaving the loop does not close it. */
	*[Symbol.iterator](): IterableIterator<Socket> {
		for (;;) {
			let socket: Socket;
			try {
				socket = this.accept();
			} catch (error) {
				if (error instanceof ClosedError) return;
				throw error;
			}
			yield socket;
		}
	}

	/**
	 * Stops listening, for all its holders; those parked in `accept` get a `ClosedError`, connections nobody has
	 * accepted are closed, a Unix path is removed. Harmless when repeated.
	 */
	close(): void {
		if (this.#closed) return;
		this.#closed = true;
		block(CLOSE_LISTENER, this.#handle);
	}

	/** `close()`, for `using`. */
	[Symbol.dispose](): void {
		this.close();
	}

	static {
		registerHandle<Listener>({
			tag: 'Listener',
			is: (value) => value instanceof Listener,
			encode: (listener) => ({ handle: listener.#open('send'), data: listener.#address }),
			decode: (handle, data) => new Listener({ handle, address: data as ListenerAddress }),
		});
	}

	#open(verb: string): number {
		if (this.#closed) throw new ClosedError(`Cannot ${verb} this listener: it is closed`);
		return this.#handle;
	}
}
