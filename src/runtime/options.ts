import { availableParallelism } from 'node:os';
import { threadCap } from '../engine/threads/cap.js';
import { GreenError } from '../errors.js';

/** What `configure` takes; all optional. */
export interface RuntimeOptions {
	/**
	 * Greenlets that may be on threads at once; more wait in a queue. Default 256. Either way no more than memory, mappings and open
	 * files allow, and never more than 1,000.
	 */
	maxGreenlets?: number;
	/** Threads kept ready; default 0. */
	minThreads?: number;
	/** Heap limit of each thread in MB; a greenlet that grows beyond it is lost alone. Default 1,024. */
	heapLimitMb?: number;
	/** Milliseconds after which an idle thread ends; default 300,000. */
	idleMs?: number;
	/** Greenlets that run JavaScript at the same time; default `availableParallelism() + 1`. */
	runnable?: number;
	/** Allow blocking calls in callbacks of the main thread's own loop (script mode), which stops all its other callbacks. Default false. */
	allowMainCallbacks?: boolean;
	/** URL of a module whose export `createClock` makes the hub's clock; for tests, see `useMockClock`. */
	clockModule?: string;
}

export interface ResolvedOptions {
	readonly maxGreenlets: number;
	readonly minThreads: number;
	readonly heapLimitMb: number;
	readonly idleMs: number;
	readonly runnable: number;
	readonly clockModule: string | undefined;
}

const DEFAULT_MOST = 256;
/** With a limit V8 also starts with smaller spaces, which saves one to two MB a thread. */
const DEFAULT_HEAP_MB = 1024;
/** The numbers among the options, each with the least that makes sense. */
const LEAST: Readonly<Record<string, number>> = { maxGreenlets: 1, minThreads: 0, heapLimitMb: 1, idleMs: 0, runnable: 1 };
const options: RuntimeOptions = {};
let used = false;

/**
 * Sets limits of this process's runtime. Before the first blocking call or `spawn`; `allowMainCallbacks` at any time.
 * @throws GreenError `ERR_ALREADY_STARTED` when the hub runs already; RangeError `ERR_OUT_OF_RANGE` for a number that is too small;
 *   TypeError `ERR_INVALID_ARG_TYPE` for what should be a number and is none, `ERR_INVALID_ARG_VALUE` for an option that does not exist
 * @example
 * import { configure, sleep } from 'tsgevent';
 *
 * configure({ maxGreenlets: 32 });
 * sleep(1);
 */
export function configure(given: RuntimeOptions): void {
	const { allowMainCallbacks, ...rest } = given;
	if (used && Object.keys(rest).length > 0) {
		throw new GreenError(
			'ERR_ALREADY_STARTED',
			`Cannot set ${Object.keys(rest).join(', ')}: the hub has started; call configure() before the first blocking call`,
		);
	}
	for (const [name, value] of Object.entries(rest)) check(name, value);
	Object.assign(options, rest, allowMainCallbacks === undefined ? {} : { allowMainCallbacks });
}

function check(name: string, value: unknown): void {
	if (name === 'clockModule' || value === undefined) return;
	const least = LEAST[name];
	if (least === undefined) {
		const known = [...Object.keys(LEAST), 'allowMainCallbacks'].join(', ');
		throw Object.assign(new TypeError(`Cannot set ${name}: the options are ${known}`), { code: 'ERR_INVALID_ARG_VALUE' });
	}
	if (typeof value !== 'number') {
		throw Object.assign(new TypeError(`The value of "${name}" must be a number, received ${String(value)}`), {
			code: 'ERR_INVALID_ARG_TYPE',
		});
	}
	if (!(value >= least)) {
		throw Object.assign(new RangeError(`The value of "${name}" must be at least ${least}, received ${value}`), {
			code: 'ERR_OUT_OF_RANGE',
		});
	}
}

/** Whether blocking calls in callbacks of the main thread are allowed. */
export function mainCallbacksAllowed(): boolean {
	return options.allowMainCallbacks === true;
}

/** The options with their defaults; from here on they are fixed. */
export function resolveOptions(): ResolvedOptions {
	used = true;
	const cap = threadCap();
	return {
		maxGreenlets: Math.min(cap, options.maxGreenlets ?? DEFAULT_MOST),
		minThreads: options.minThreads ?? 0,
		heapLimitMb: options.heapLimitMb ?? DEFAULT_HEAP_MB,
		idleMs: options.idleMs ?? 300_000,
		runnable: options.runnable ?? availableParallelism() + 1,
		clockModule: options.clockModule,
	};
}
