/** What the arbiter may send a worker, from patient to final. */
export type StopSignal = 'SIGTERM' | 'SIGQUIT' | 'SIGKILL';

/** What a decision needs to know of one worker. */
export interface WorkerView {
	readonly age: number;
	/** The strongest signal sent or remembered for it so far. */
	readonly told: StopSignal | undefined;
	/** Once it has said that it leaves: by when its process must have ended. */
	readonly leaveBy: number | undefined;
}

/** How and until when everything is being stopped. */
export interface Stopping {
	readonly graceful: boolean;
	/** When the workers that are left get killed, on the arbiter's clock, in milliseconds. */
	readonly killAt: number;
	/** With what status the arbiter will exit. */
	readonly exitStatus: number;
}

/** Everything a decision depends on. */
export interface ArbiterState {
	readonly wanted: number;
	readonly workers: readonly WorkerView[];
	/** Nothing is spawned before this moment: the back-off after failed boots. */
	readonly spawnNotBefore: number;
	readonly stopping: Stopping | undefined;
}

export type Action =
	| { readonly type: 'spawn' }
	| { readonly type: 'signal'; readonly age: number; readonly signal: StopSignal }
	| { readonly type: 'exit'; readonly status: number };

export interface Plan {
	readonly actions: readonly Action[];
	/** Until when nothing more is to do unless something happens; `Infinity` when time alone changes nothing. */
	readonly wakeAt: number;
}

const STRENGTH: Record<StopSignal, number> = { SIGTERM: 1, SIGQUIT: 2, SIGKILL: 3 };

/**
 * Compares what is with what is wanted: the arbiter's every decision, without an effect of its own. What was done already is part
 * of the state, so planning again does no harm.
 * @param now milliseconds on the arbiter's clock
 */
export function plan(state: ArbiterState, now: number): Plan {
	const { actions, wakeAt } = state.stopping ? planStop(state.workers, state.stopping, now) : planKeep(state, now);
	const leaving = state.workers.filter(({ told }) => told !== 'SIGKILL');
	const overdue = leaving.filter(({ leaveBy = Infinity }) => leaveBy <= now);
	const deadlines = leaving.map(({ leaveBy = Infinity }) => leaveBy).filter((leaveBy) => leaveBy > now);
	return { actions: [...actions, ...overdue.map(({ age }) => kill(age))], wakeAt: Math.min(wakeAt, ...deadlines) };
}

function kill(age: number): Action {
	return { type: 'signal', age, signal: 'SIGKILL' };
}

function planKeep({ wanted, workers, spawnNotBefore }: ArbiterState, now: number): Plan {
	const missing = Math.max(0, wanted - workers.length);
	if (missing > 0 && now < spawnNotBefore) return { actions: [], wakeAt: spawnNotBefore };
	return { actions: Array.from({ length: missing }, () => ({ type: 'spawn' })), wakeAt: Infinity };
}

function planStop(workers: readonly WorkerView[], { graceful, killAt, exitStatus }: Stopping, now: number): Plan {
	if (workers.length === 0) return { actions: [{ type: 'exit', status: exitStatus }], wakeAt: Infinity };
	const signal = now >= killAt ? 'SIGKILL' : graceful ? 'SIGTERM' : 'SIGQUIT';
	const untold = workers.filter(({ told }) => !told || STRENGTH[told] < STRENGTH[signal]);
	return { actions: untold.map(({ age }) => ({ type: 'signal', age, signal })), wakeAt: now < killAt ? killAt : Infinity };
}

const FIRST_BACKOFF_MS = 1_000;
const LONGEST_BACKOFF_MS = 30_000;

/** How long to wait after the n-th failed boot in a row, in milliseconds: 1 s, doubled each time, at most 30 s. */
export function backoffMs(failedBoots: number): number {
	return Math.min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** (failedBoots - 1));
}
