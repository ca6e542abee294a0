import type { Clock, ClockTimer } from '../../clock.js';
import type { Config } from '../config/config.js';
import type { Log } from '../log/error-log.js';
import type { SignalQueue } from '../signals.js';
import { packageVersion } from '../version.js';
import { APP_LOAD_ERROR } from '../worker/worker-protocol.js';
import type { Listener } from './listeners.js';
import { type Action, type ArbiterState, backoffMs, plan, type Stopping, type StopSignal } from './plan.js';
import { describeEnding, endedByRequest, haltingStatus } from './worker-ending.js';
import { type Ending, WorkerHandle } from './worker-handle.js';

/** How long the workers get to leave at once when a patient stop is cut short, in milliseconds. */
const HURRY_MS = 2_000;

/** How much longer than `graceful_timeout` a worker lives that ought to give up by itself then, and to say what it cut off. */
const KILL_SLACK_MS = 1_000;

export interface ArbiterOptions {
	readonly app: string;
	readonly config: Config;
	/** Sockets that listen already. */
	readonly listeners: readonly Listener[];
	readonly log: Log;
	readonly clock: Clock;
	readonly signals: SignalQueue;
}

/**
 * The master process: keeps the wanted number of workers alive and stops them when told to. A reconciler: whatever happens
 * (a signal, a worker's message or end, a timer) only changes the state and asks for a tick, and each tick carries out what `plan`
 * finds lacking.
 */
export class Arbiter {
	readonly #options: ArbiterOptions;
	readonly #workers = new Map<number, WorkerHandle>();
	readonly #ended: [WorkerHandle, Ending][] = [];
	#age = 0;
	#everReady = false;
	#failedBoots = 0;
	#spawnNotBefore = 0;
	#stopping: Stopping | undefined;
	#tickQueued = false;
	#timer: ClockTimer | undefined;
	#exit: (status: number) => void = () => undefined;

	constructor(options: ArbiterOptions) {
		this.#options = options;
	}

	/** Serves until stopped; resolves with the exit status once no worker is left. */
	run(): Promise<number> {
		const { log, listeners, config, signals } = this.#options;
		log.info(`Starting tsgunicorn ${packageVersion()}`);
		log.info(`Listening at: ${listeners.map(({ address }) => address).join(',')} (${process.pid})`);
		log.info(`Using worker: ${config.worker_class}`);
		const exited = new Promise<number>((resolve) => {
			this.#exit = resolve;
		});
		signals.attach(() => this.#wake());
		this.#wake();
		return exited;
	}

	#wake(): void {
		if (this.#tickQueued) return;
		this.#tickQueued = true;
		setImmediate(() => {
			this.#tickQueued = false;
			this.#tick();
		});
	}

	#tick(): void {
		// Signals first: Ctrl-C reaches the workers too, and one that it ended must not be taken for a failure.
		for (const name of this.#options.signals.take()) this.#handleSignal(name);
		for (const [worker, ending] of this.#ended.splice(0)) this.#reapWorker(worker, ending);
		this.#timer?.cancel();
		const now = this.#options.clock.now();
		const { actions, wakeAt } = plan(this.#state(), now);
		for (const action of actions) this.#act(action);
		if (wakeAt < Infinity) this.#timer = this.#options.clock.schedule(wakeAt - now, () => this.#wake());
	}

	#state(): ArbiterState {
		return {
			wanted: this.#options.config.workers,
			workers: [...this.#workers.values()],
			spawnNotBefore: this.#spawnNotBefore,
			stopping: this.#stopping,
		};
	}

	#act(action: Action): void {
		switch (action.type) {
			case 'spawn':
				this.#spawnWorker();
				break;
			case 'signal':
				this.#signalWorker(action.age, action.signal);
				break;
			case 'exit':
				this.#finish(action.status);
		}
	}

	#spawnWorker(): void {
		const worker = new WorkerHandle(++this.#age, this.#options, {
			ready: () => {
				this.#everReady = true;
				this.#failedBoots = 0;
			},
			leaving: () => this.#wake(),
			exit: (ended, ending) => {
				this.#ended.push([ended, ending]);
				this.#wake();
			},
		});
		this.#workers.set(worker.age, worker);
	}

	#signalWorker(age: number, signal: StopSignal): void {
		const worker = this.#workers.get(age);
		if (signal === 'SIGKILL') this.#options.log.warning(`Worker (pid:${worker?.pid}) did not leave in time and is killed`);
		worker?.signal(signal);
	}

	#reapWorker(worker: WorkerHandle, ending: Ending): void {
		this.#workers.delete(worker.age);
		if (this.#stopping && endedByRequest(ending)) return;
		// What the arbiter kills it has complained of already.
		const description = worker.told === 'SIGKILL' ? undefined : describeEnding(ending);
		if (description) this.#options.log.error(`Worker (pid:${worker.pid ?? 'none'}) ${description}`);
		if (!worker.ready && !this.#stopping) this.#countFailedBoot(ending);
	}

	#countFailedBoot(ending: Ending): void {
		const status = haltingStatus(ending);
		if (!this.#everReady && status !== undefined) {
			this.#halt(status === APP_LOAD_ERROR ? 'App failed to load.' : 'Worker failed to boot.', status);
			return;
		}
		const now = this.#options.clock.now();
		// Workers that were started together fail together, which counts once.
		if (now < this.#spawnNotBefore) return;
		const delayMs = backoffMs(++this.#failedBoots);
		this.#spawnNotBefore = now + delayMs;
		this.#options.log.warning(`A worker failed to boot, the next one starts in ${delayMs / 1_000} s`);
	}

	#handleSignal(name: NodeJS.Signals): void {
		this.#options.log.info(`Handling signal: ${name.slice('SIG'.length).toLowerCase()}`);
		const graceMs = this.#options.config.graceful_timeout * 1_000 + KILL_SLACK_MS;
		if (name === 'SIGTERM') this.#stop({ graceful: true, graceMs, exitStatus: 0 });
		else this.#stop({ graceful: false, graceMs: this.#stopping ? HURRY_MS : graceMs, exitStatus: 0 });
	}

	#halt(reason: string, exitStatus: number): void {
		if (this.#stopping) return;
		this.#options.log.error('Shutting down: Master');
		this.#options.log.error(`Reason: ${reason}`);
		this.#stop({ graceful: false, graceMs: HURRY_MS, exitStatus });
	}

	/** Begins to stop, or makes a stop that has begun hastier; it never becomes more patient. */
	#stop({ graceful, graceMs, exitStatus }: { graceful: boolean; graceMs: number; exitStatus: number }): void {
		const killAt = this.#options.clock.now() + graceMs;
		const before = this.#stopping;
		this.#stopping = before
			? { graceful: before.graceful && graceful, killAt: Math.min(before.killAt, killAt), exitStatus: before.exitStatus }
			: { graceful, killAt, exitStatus };
		if (before) return;
		for (const listener of this.#options.listeners) listener.close();
	}

	#finish(status: number): void {
		if (status === 0) this.#options.log.info('Shutting down: Master');
		this.#exit(status);
	}
}
