import type { Session } from 'node:inspector';
import { threadId } from 'node:worker_threads';
import type { GreenletView } from '../../hub/greenlet-view.js';
import { MOST_FRAMES, MOST_GREENLETS, type ThreadLook } from './stack-report.js';

/** How long threads may take to answer, in milliseconds. */
const ANSWER_MS = 1_200;
/** Threads that have not answered by then, in milliseconds after the last one that did, are inside native calls. */
const QUIET_MS = 400;

/** What the threads of a process have said. */
export interface Answers {
	/** Undefined when the main thread has not answered. */
	readonly hub?: { readonly frames: readonly string[]; readonly greenlets: readonly GreenletView[] };
	readonly threads: readonly ThreadLook[];
	/** Everybody has answered. */
	readonly complete: boolean;
}

/** What `look` returns in the thread that is looked at. */
interface Look {
	readonly stack: string;
	readonly greenlet?: number;
	readonly greenlets?: readonly GreenletView[];
}

/** The inspector's answer; without a value when the evaluation threw. */
interface Evaluated {
	readonly result?: { readonly value?: Look };
}

/** The name of the question in the stacks it is asked on. */
const QUESTION = 'tsgevent:look';

/**
 * Asks the main thread and all threads it has started what they are doing. On another thread of the same process.
 *
 * Each evaluates one expression on top of whatever it is in the middle of, which an endless loop, a regular expression that
 * backtracks and `Atomics.wait` allow within microseconds; it then goes on. Nothing is paused and no debugger domain is enabled, so that no
 * code is deoptimised, a debugger of the user's notices nothing, and no port is opened. The questions to the threads go through the main
 * thread: while that is inside a native call, nobody answers. A process that exits just then says `Waiting for the debugger to disconnect...`.
 * @throws whatever keeps this Node from inspecting itself
 */
export async function collectStacks(): Promise<Answers> {
	const { Session } = await import('node:inspector');
	const session = new Session();
	session.connectToMainThread();
	try {
		return await new Promise((resolve) => new Collection(session, resolve).start());
	} finally {
		session.disconnect();
	}
}

class Collection {
	readonly #session: Session;
	readonly #resolve: (answers: Answers) => void;
	/** By the inspector's number. */
	readonly #threads = new Map<string, ThreadLook>();
	#hub: Answers['hub'];
	/** All threads there are have been named. */
	#named = false;
	readonly #deadline = setTimeout(() => this.#end(false), ANSWER_MS);
	#quiet: NodeJS.Timeout | undefined;

	constructor(session: Session, resolve: (answers: Answers) => void) {
		this.#session = session;
		this.#resolve = resolve;
	}

	start(): void {
		const session = this.#session;
		session.on('NodeWorker.attachedToWorker', ({ params }) => this.#attached(params.sessionId, params.workerInfo.title));
		session.on('NodeWorker.detachedFromWorker', ({ params }) => {
			this.#threads.delete(params.sessionId);
			this.#progress();
		});
		session.on('NodeWorker.receivedMessageFromWorker', ({ params }) => {
			const { result } = JSON.parse(params.message) as { result?: Evaluated };
			this.#answered(params.sessionId, result?.result?.value);
		});
		session.post('Runtime.evaluate', evaluation(), (_error: Error | null, answer?: Evaluated) => {
			const found = answer?.result?.value;
			if (found) this.#hub = { frames: framesOf(found.stack), greenlets: found.greenlets ?? [] };
			this.#progress();
		});
		session.post('NodeWorker.enable', { waitForDebuggerOnStart: false }, () => {
			this.#named = true;
			this.#progress();
		});
	}

	#attached(sessionId: string, title: string): void {
		// This thread cannot wait for its own answer, and nobody asks what it is doing.
		if (title.startsWith(`[worker ${threadId}]`)) return;
		this.#threads.set(sessionId, { title });
		const message = JSON.stringify({ id: 1, method: 'Runtime.evaluate', params: evaluation() });
		this.#session.post('NodeWorker.sendMessageToWorker', { sessionId, message });
	}

	#answered(sessionId: string, look: Look | undefined): void {
		const thread = this.#threads.get(sessionId);
		if (!thread || !look) return;
		const { greenlet } = look;
		this.#threads.set(sessionId, { ...thread, frames: framesOf(look.stack), ...(greenlet === undefined ? {} : { greenlet }) });
		this.#progress();
	}

	#progress(): void {
		clearTimeout(this.#quiet);
		if (this.#hub && this.#named && [...this.#threads.values()].every(({ frames }) => frames)) this.#end(true);
		else if (this.#hub && this.#named) this.#quiet = setTimeout(() => this.#end(false), QUIET_MS);
	}

	#end(complete: boolean): void {
		clearTimeout(this.#deadline);
		clearTimeout(this.#quiet);
		// What still arrives comes to nobody: the session is about to be closed.
		this.#session.removeAllListeners();
		this.#resolve({ ...(this.#hub ? { hub: this.#hub } : {}), threads: [...this.#threads.values()], complete });
	}
}

function evaluation(): { expression: string; returnByValue: true; silent: true } {
	const expression = `(${look.toString()})(${MOST_FRAMES}, ${MOST_GREENLETS})\n//# sourceURL=${QUESTION}`;
	return { expression, returnByValue: true, silent: true };
}

/** Runs in the other thread, as text: it sees nothing of this module. */
function look(mostFrames: number, mostGreenlets: number): Look {
	const shared = globalThis as unknown as Record<symbol, unknown>;
	// The app's own formatter may be what it is in the middle of.
	const formatter = Object.getOwnPropertyDescriptor(Error, 'prepareStackTrace');
	const limit = Error.stackTraceLimit;
	let stack = '';
	try {
		Object.defineProperty(Error, 'prepareStackTrace', { value: undefined, configurable: true, writable: true });
		Error.stackTraceLimit = mostFrames;
		stack = String(new Error('looked at').stack);
	} finally {
		Error.stackTraceLimit = limit;
		if (formatter) Object.defineProperty(Error, 'prepareStackTrace', formatter);
		else Reflect.deleteProperty(Error, 'prepareStackTrace');
	}
	const slot = shared[Symbol.for('tsgevent.engine')] as { engine?: { currentId(): number } } | undefined;
	const greenlet = slot?.engine?.currentId();
	const list = shared[Symbol.for('tsgevent.greenlets')] as ((most: number) => GreenletView[]) | undefined;
	return { stack, ...(greenlet === undefined ? {} : { greenlet }), ...(list ? { greenlets: list(mostGreenlets) } : {}) };
}

function framesOf(stack: string): string[] {
	return stack
		.split('\n')
		.slice(1)
		.filter((frame) => !frame.includes(QUESTION));
}
