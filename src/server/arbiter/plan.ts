/** What the arbiter may send a worker to end it, from patient to final. */
export type StopSignal = 'SIGTERM' | 'SIGQUIT' | 'SIGABRT' | 'SIGKILL';

/** What a decision needs to know of one worker. */
export interface WorkerView {
	readonly age: number;
	/** Every HUP begins a new one; a worker of an earlier one is to be replaced. */
	readonly generation: number;
	/** Whether it serves. */
	readonly ready: boolean;
	/** Whether it asked to be replaced. */
	readonly retiring: boolean;
	/** Whether it has been given up: its end is being brought about step by step. */
	readonly condemned: boolean;
	/** The strongest signal sent or remembered for it so far. */
	readonly told: StopSignal | undefined;
	/** When it counts as stuck unless it gives a sign of life, or gets ready, before; `Infinity` when it never does. */
	readonly aliveUntil: number;
	/** Once it leaves, by itself or because it was told: by when its process must have ended. */
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
	/** Workers that should serve; 0 also means that those that start should not. */
	readonly wanted: number;
	/** What the workers are to be of. */
	readonly generation: number;
	/** Whether old workers are replaced one by one rather than all at once. */
	readonly rolling: boolean;
	readonly workers: readonly WorkerView[];
	/** Nothing is spawned before this moment: the back-off after failed boots. */
	readonly spawnNotBefore: number;
	/** Whether the last boot failed: one worker at a time then tries. */
	readonly wary: boolean;
	readonly stopping: Stopping | undefined;
}

export type Action =
	| { readonly type: 'spawn' }
	| { readonly type: 'signal'; readonly age: number; readonly signal: StopSignal }
	/** Gives a stuck worker up: its stacks are wanted before it is ended. */
	| { readonly type: 'condemn'; readonly age: number }
	| { readonly type: 'exit'; readonly status: number };

export interface Plan {
	readonly actions: readonly Action[];
	/** Until when nothing more is to do unless something happens; `Infinity` when time alone changes nothing. */
	readonly wakeAt: number;
}

/** How long after the last moment for everybody the arbiter waits for workers that were killed and do not end, in milliseconds. */
export const UNKILLABLE_MS = 5_000;

const STRENGTH: Record<StopSignal, number> = { SIGTERM: 1, SIGQUIT: 2, SIGABRT: 3, SIGKILL: 4 };

/**
 * Compares what is with what is wanted: the arbiter's every decision, without an effect of its own. What was done already is part
 * of the state, so planning again does no harm.
 * @param now milliseconds on the arbiter's clock
 */
export function plan(state: ArbiterState, now: number): Plan {
	const { workers, stopping } = state;
	const { actions, wakeAt } = stopping ? planStop(workers, stopping, now) : planKeep(state, now);
	const killed = new Set(actions.flatMap((action) => (action.type === 'signal' && action.signal === 'SIGKILL' ? [action.age] : [])));
	const living = workers.filter(({ age, told }) => told !== 'SIGKILL' && !killed.has(age));
	const overdue = living.filter(({ leaveBy = Infinity }) => leaveBy <= now);
	const stuck = living.filter((worker) => worker.aliveUntil <= now && !worker.condemned && !overdue.includes(worker));
	const deadlines = living.flatMap(({ leaveBy = Infinity, aliveUntil, condemned }) => [leaveBy, condemned ? Infinity : aliveUntil]);
	return {
		actions: [
			...actions,
			...overdue.map(({ age }) => signal(age, 'SIGKILL')),
			...stuck.map(({ age }): Action => ({ type: 'condemn', age })),
		],
		wakeAt: Math.min(wakeAt, ...deadlines.filter((deadline) => deadline > now)),
	};
}

function signal(age: number, name: StopSignal): Action {
	return { type: 'signal', age, signal: name };
}

function planKeep(state: ArbiterState, now: number): Plan {
	const leaving = planLeave(state);
	// How it ends decides whether there is another attempt, and when.
	const failing = state.workers.filter(({ ready, condemned, generation }) => condemned && !ready && generation === state.generation);
	const count = Math.max(0, missing(state) - failing.length);
	if (count > 0 && now < state.spawnNotBefore) return { actions: leaving, wakeAt: state.spawnNotBefore };
	return { actions: [...leaving, ...Array.from({ length: count }, (): Action => ({ type: 'spawn' }))], wakeAt: Infinity };
}

/** Those that nobody has told to go. */
function staying(workers: readonly WorkerView[]): WorkerView[] {
	return workers.filter(({ told, condemned }) => !told && !condemned);
}

/** Whom to tell to leave: the oldest first, and never so many that fewer than wanted are ready. */
function planLeave({ wanted, generation, workers }: ArbiterState): Action[] {
	const here = staying(workers);
	const isOld = (worker: WorkerView) => worker.generation < generation || worker.retiring;
	// What still boots for an earlier generation is of no use to anybody, and a series of HUPs must not pile it up.
	const useless = here.filter((worker) => !worker.ready && (isOld(worker) || wanted === 0));
	const ready = here.filter((worker) => worker.ready).sort((a, b) => Number(isOld(b)) - Number(isOld(a)) || a.age - b.age);
	// Nobody leaves for a generation that has not shown yet that it gets up.
	const unproven = ready.length > 0 && wanted > 0 && ready.every((worker) => worker.generation < generation);
	const surplus = unproven ? [] : ready.slice(0, Math.max(0, ready.length - wanted));
	return [...useless, ...surplus].map(({ age }) => signal(age, 'SIGTERM'));
}

/** How many workers to start: for those that lack, and, while old ones still serve, for some or all of those. */
function missing({ wanted, generation, rolling, workers, wary }: ArbiterState): number {
	const here = staying(workers).filter((worker) => worker.ready || worker.generation === generation);
	const current = here.filter((worker) => worker.generation === generation && !worker.retiring);
	if (wary && current.some(({ ready }) => !ready)) return 0;
	const outdated = here.filter((worker) => worker.generation < generation).length;
	// How many more than wanted may live for a while: workers of today that ask to be replaced are, one by one.
	const spare = rolling ? 1 : Math.max(1, outdated);
	const allowed = Math.max(wanted + spare - here.length, current.length === 0 ? 1 : 0);
	const count = Math.max(0, Math.min(wanted - current.length, allowed));
	return wary ? Math.min(1, count) : count;
}

function planStop(workers: readonly WorkerView[], { graceful, killAt, exitStatus }: Stopping, now: number): Plan {
	const exit: Plan = { actions: [{ type: 'exit', status: exitStatus }], wakeAt: Infinity };
	if (workers.length === 0) return exit;
	const name = now >= killAt ? 'SIGKILL' : graceful ? 'SIGTERM' : 'SIGQUIT';
	const untold = workers.filter(({ told, condemned }) => (!told || STRENGTH[told] < STRENGTH[name]) && (!condemned || name === 'SIGKILL'));
	// The kernel ends nobody who waits in it for a disk or a server of files that does not answer; this one can end all the same.
	const lostAt = killAt + UNKILLABLE_MS;
	if (now >= lostAt && untold.length === 0) return exit;
	return { actions: untold.map(({ age }) => signal(age, name)), wakeAt: now < killAt ? killAt : now < lostAt ? lostAt : Infinity };
}

/** What becomes of a stop when it is asked for once more: it never gets more patient, and keeps its exit status. */
export function hasten(before: Stopping | undefined, next: Stopping): Stopping {
	if (!before) return next;
	return {
		graceful: before.graceful && next.graceful,
		killAt: Math.min(before.killAt, next.killAt),
		exitStatus: before.exitStatus,
	};
}

const FIRST_BACKOFF_MS = 1_000;
const LONGEST_BACKOFF_MS = 30_000;

/** How long to wait after the n-th failed boot in a row, in milliseconds: 1 s, doubled each time, at most 30 s. */
export function backoffMs(failedBoots: number): number {
	return Math.min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** (failedBoots - 1));
}
