/** Base of every error this package raises by itself; Node's system errors pass through unchanged. */
export class GreenError extends Error {
	readonly code: string;
	constructor(code: string, message: string, options?: ErrorOptions) {
		super(message, options);
		this.code = code;
	}
	override get name(): string {
		return this.constructor.name;
	}
}

/** Thrown inside a greenlet that is being killed; control flow, not a failure (gevent's `GreenletExit`). */
export class GreenletExit extends GreenError {
	constructor(message = 'The greenlet was killed') {
		super('ERR_GREENLET_EXIT', message);
	}
}

/** You: a call that would block the event loop everybody else lives on. */
export class BlockingHubError extends GreenError {
	/** @param instead the ways out, those of a callback on a script's main thread by default */
	constructor(
		caller: string,
		why: string,
		instead = 'Serve the app with tsgunicorn, move the call into a spawned task, or allow it with configure({ allowMainCallbacks: true })',
	) {
		super(
			'ERR_BLOCKING_HUB',
			`Cannot call ${caller}() here: ${why}, and blocking it would stop every other greenlet and callback. ${instead}`,
		);
	}
}

/** You: a blocking call in a thread that has no greenlet. */
export class WrongThreadError extends GreenError {
	constructor(caller: string, why = 'this thread is not one of the pool and has no greenlet to park') {
		super('ERR_WRONG_THREAD', `Cannot call ${caller}() here: ${why}`);
	}
}

/** You: two greenlets use one end of an object that only one may use at a time. */
export class BusyError extends GreenError {
	constructor(message: string) {
		super('ERR_BUSY', message);
	}
}

/** You: the object was closed by this side. */
export class ClosedError extends GreenError {
	constructor(message: string) {
		super('ERR_CLOSED', message);
	}
}

/**
 * The peer: it ended the stream in the middle of what was being read.
 * @example
 * ```ts
 * using socket = connectSync(7007, '127.0.0.1'); // where an echo server listens
 * socket.end('four');
 * try {
 *   socket.readExactly(10);
 * } catch (error) {
 *   if (error instanceof IncompleteReadError) console.log(error.partial.toString(), error.expected); // four 10
 * }
 * ```
 */
export class IncompleteReadError extends GreenError {
	/** The bytes that did arrive; they have been taken from the stream. */
	readonly partial: Buffer;
	/** How many bytes were asked for; undefined when a separator was. */
	readonly expected: number | undefined;
	constructor(message: string, partial: Buffer, expected?: number) {
		super('ERR_INCOMPLETE_READ', message);
		this.partial = partial;
		this.expected = expected;
	}
}

/**
 * The peer: it sent more than the reader allows; the bytes are still in the stream.
 * @example
 * ```ts
 * using socket = connectSync(7007, '127.0.0.1'); // where an echo server listens
 * socket.end('a long line\n');
 * try {
 *   socket.readLine({ maxLength: 5 });
 * } catch (error) {
 *   if (error instanceof ReadLimitError) console.log(socket.read(5)?.toString()); // a lon
 * }
 * ```
 */
export class ReadLimitError extends GreenError {
	constructor(message: string) {
		super('ERR_READ_LIMIT', message);
	}
}

/** You: every greenlet waits for another one (gevent's `LoopExit`). */
export class WouldBlockForeverError extends GreenError {
	constructor(waits: readonly string[]) {
		super(
			'ERR_WOULD_BLOCK_FOREVER',
			`This wait can never end, because everybody waits for somebody else:\n${waits.map((w) => `  ${w}`).join('\n')}`,
		);
	}
}

/** You: a promise that only the event loop of the very thread could settle that would wait for it. */
export class PendingPromiseError extends GreenError {
	constructor() {
		super(
			'ERR_PENDING_PROMISE',
			"Cannot wait for this promise with awaitSync(): it is pending, and only this thread's own event loop can settle it, which stands still meanwhile. " +
				'Spawn what makes it as a task, wrap the object behind it with wrapSync() of tsgevent/comlink, or await it in an async handler',
		);
	}
}

/** You: a function or value that cannot cross to another thread. */
export class NotSpawnableError extends TypeError {
	readonly code = 'ERR_NOT_SPAWNABLE';
	override get name(): string {
		return 'NotSpawnableError';
	}
}

/** The thread under a greenlet ended before the greenlet did: `process.exit`, heap limit, or termination. */
export class GreenletLostError extends GreenError {
	readonly greenlet: string;
	constructor(greenlet: string, why: string, options?: ErrorOptions) {
		super('ERR_GREENLET_LOST', `Lost greenlet ${greenlet}: ${why}`, options);
		this.greenlet = greenlet;
	}
}

/** The thread of a `ThreadPool` ended before the work in it did: `process.exit`, heap limit, or it was called off. */
export class ThreadLostError extends GreenError {
	constructor(task: string, why: string, options?: ErrorOptions) {
		super('ERR_THREAD_LOST', `Lost the thread that ran ${task}: ${why}`, options);
	}
}

/** A killed greenlet sits in a native synchronous call that nothing can interrupt. */
export class KillPendingError extends GreenError {
	constructor(greenlet: string, waitedMs: number) {
		super(
			'ERR_KILL_PENDING',
			`Cannot end greenlet ${greenlet}: its thread has been inside a native synchronous call for ${waitedMs} ms since it was terminated. The thread is abandoned`,
		);
	}
}

/** `get()` or a queue operation was asked not to wait, or not that long. */
export class TimedOutError extends GreenError {
	constructor(what: string, ms: number) {
		super('ETIMEDOUT', `${what} did not finish within ${ms} ms`);
	}
}

/** The hub ended while greenlets were waiting for it. */
export class HubStoppedError extends GreenError {
	constructor(why: string, options?: ErrorOptions) {
		super('ERR_HUB_STOPPED', `The hub has stopped: ${why}`, options);
	}
}

/** A bug in this package, never in the program that meets it. */
export class InternalError extends GreenError {
	constructor(message: string) {
		super('ERR_TSGEVENT_INTERNAL', `${message} (this is a bug in tsgevent)`);
	}
}

/** You: a setting or flag that cannot be used as given. */
export class ConfigError extends GreenError {
	constructor(message: string, options?: ErrorOptions) {
		super('ERR_CONFIG', message, options);
	}
}

/** You: the app named on the command line cannot be loaded; the server exits with 4. */
export class AppImportError extends GreenError {
	constructor(app: string, why: string, options?: ErrorOptions) {
		super('ERR_APP_IMPORT', `Cannot load app '${app}': ${why}`, options);
	}
}

/** The server has to end: the only way to end the arbiter from below. */
export class HaltServer extends GreenError {
	readonly exitStatus: number;
	constructor(reason: string, exitStatus: number, options?: ErrorOptions) {
		super('ERR_HALT_SERVER', reason, options);
		this.exitStatus = exitStatus;
	}
}
