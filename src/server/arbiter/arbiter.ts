import type { Log } from '../log/log.js';
import { WORKER_BOOT_ERROR } from '../worker/worker-protocol.js';
import { ArbiterClock } from './arbiter-clock.js';
import type { ArbiterOptions, FileWatcher, Setup } from './arbiter-options.js';
import { BootFailures } from './boot-failures.js';
import { Crew } from './crew.js';
import { greet } from './greeting.js';
import { HangUps } from './hang-ups.js';
import { ArbiterMetrics } from './metrics.js';
import { LAST_LINES_MS, releaseSetup } from './next-setup.js';
import { type Action, type ArbiterState, hasten, plan, type Stopping, type StopSignal } from './plan.js';
import { serverView } from './server-view.js';
import { endStuckWorker, killOverMemory, logStacks, logUnkillable } from './stuck-worker.js';
import { describeEnding, endedByRequest, haltingReason, haltingStatus } from './worker-ending.js';
import { type Ending, KILL_SLACK_MS, type WorkerHandle } from './worker-handle.js';

/** How long the workers get to leave at once when a patient stop is cut short, in milliseconds. */
const HURRY_MS = 2_000;

/** How often the arbiter looks after everything when nothing happens, in milliseconds. */
const TICK_MS = 1_000;

/**
 * The master process: keeps the wanted number of workers alive and stops them when told to. A reconciler: whatever happens
 * (a signal, a worker's message or end, a timer) only changes the state and asks for a tick, and each tick carries out what `plan`
 * finds lacking.
 */
export class Arbiter {
	readonly #options: ArbiterOptions;
	readonly #clock: ArbiterClock;
	readonly #ended: [WorkerHandle, Ending][] = [];
	readonly #failures = new BootFailures(() => this.#log);
	readonly #crew = new Crew({
		ready: ({ pid }) => {
			this.#everReady = true;
			this.#log.debug(`Worker (pid:${pid}) is ready`);
			this.#wake();
		},
		leaving: () => this.#wake(),
		retire: ({ pid }, reason) => {
			this.#log.debug(`Worker (pid:${pid}) is to be replaced: ${reason}`);
			this.#wake();
		},
		beat: (worker, figures) => {
			if (killOverMemory(worker, figures, this.#log)) this.#wake();
		},
		failed: (_worker, reason) => this.#failures.explain(reason),
		stacks: ({ pid }, text) => this.#log.warning(`Worker (pid:${pid}): ${text}`),
		exit: (worker, ending) => {
			this.#ended.push([worker, ending]);
			this.#wake();
		},
	});
	readonly #metrics = new ArbiterMetrics();
	readonly #hangUps: HangUps;
	#setup: Setup;
	/** What TTIN, TTOU and WINCH have made of `workers`. */
	#wanted = 0;
	#generation = 1;
	#started = false;
	#everReady = false;
	/** Whether the service manager knows that this generation serves. */
	#announced = false;
	/** Signals that have come before the server was started. */
	readonly #deferred: NodeJS.Signals[] = [];
	/** Aborted when a stop begins. */
	readonly #stop = new AbortController();
	#stopping: Stopping | undefined;
	#listening = true;
	#tickQueued = false;
	#finishing = false;
	#watcher: FileWatcher | undefined;
	#exit: (status: number) => void = () => undefined;

	constructor(options: ArbiterOptions) {
		this.#options = options;
		this.#setup = options;
		this.#clock = new ArbiterClock(options.clock);
		this.#hangUps = new HangUps(options, {
			current: () => this.#setup,
			stop: this.#stop.signal,
			begin: () => {
				this.#announced = false;
				options.notifier?.reloading();
			},
			adopt: (next) => this.#adopt(next),
			end: () => this.#wake(),
		});
	}

	get #log(): Log {
		return this.#setup.logs.log;
	}

	/** Serves until stopped; resolves with the exit status once no worker is left. */
	run(): Promise<number> {
		greet(this.#setup);
		const exited = new Promise<number>((resolve) => {
			this.#exit = resolve;
		});
		this.#options.signals.install([this.#setup.configuration.config.stack_signal as NodeJS.Signals]);
		this.#options.signals.attach(() => this.#wake());
		this.#start().catch((error: unknown) => {
			this.#log.error('Exception in the master', error);
			this.#halt('The master failed to start.', 1);
		});
		return exited;
	}

	/** Signals are heard meanwhile, and a stop ends it. */
	async #start(): Promise<void> {
		const { configuration, logs } = this.#setup;
		const { app = '', config } = configuration;
		this.#wake();
		if (config.preload_app && !this.#stopping) {
			const status = await this.#options.checkApp(app, config, logs.log, this.#stop.signal);
			if (status !== 0) this.#halt(haltingReason(status), status);
		}
		if (this.#stopping) return;
		this.#setWanted(config.workers, null);
		this.#watchFiles();
		await this.#runHook('when_ready');
		this.#started = true;
		for (const name of this.#deferred.splice(0)) this.#handleSignal(name);
		this.#wake();
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
		if (this.#finishing) return;
		this.#catchUp();
		// Signals first: Ctrl-C reaches the workers too, and one that it ended must not be taken for a failure.
		for (const name of this.#options.signals.take()) this.#handleSignal(name);
		for (const [worker, ending] of this.#ended.splice(0)) this.#reapWorker(worker, ending);
		// The process may stand still at any moment, also between these lines, and what was just decided must not be overdue then.
		this.#catchUp();
		const now = this.#clock.caughtUp;
		const settledAt = this.#failures.settle(this.#crew.serving, now);
		const { actions, wakeAt } = plan(this.#state(), now);
		for (const action of actions) this.#act(action);
		this.#report();
		if (this.#finishing) return;
		this.#clock.set(Math.min(wakeAt, settledAt, now + TICK_MS), () => this.#wake());
	}

	/** What happened while this process stood still, nobody could show or do in time. */
	#catchUp(): void {
		if (this.#clock.catchUp()) for (const worker of this.#crew.all) worker.restartAge();
	}

	#state(): ArbiterState {
		return {
			wanted: this.#started ? this.#wanted : 0,
			generation: this.#generation,
			rolling: this.#setup.configuration.config.rolling,
			workers: this.#crew.all,
			spawnNotBefore: this.#failures.notBefore,
			wary: this.#failures.pending,
			stopping: this.#stopping,
		};
	}

	#act(action: Action): void {
		switch (action.type) {
			case 'spawn':
				void this.#spawnWorker();
				break;
			case 'signal':
				this.#signalWorker(action.age, action.signal);
				break;
			case 'condemn':
				this.#condemnWorker(action.age);
				break;
			case 'exit':
				void this.#finish(action.status);
		}
	}

	/** Tells whoever watches the server how it is doing. */
	#report(): void {
		const { running, serving } = this.#crew;
		this.#metrics.report(this.#setup, running, this.#clock.now());
		if (this.#announced || !this.#started || this.#hangUps.busy || this.#stopping) return;
		const current = serving.filter(({ generation }) => generation === this.#generation);
		// When the new ones do not get up the old ones go on serving, and the service manager must not wait for ever.
		if (current.length < this.#wanted && !(this.#failures.pending && serving.length > 0)) return;
		this.#announced = true;
		this.#options.notifier?.ready();
		this.#options.onReady?.();
	}

	async #spawnWorker(): Promise<void> {
		const worker = this.#crew.add({ generation: this.#generation, setup: this.#setup, now: () => this.#clock.now() });
		await this.#runHook('pre_fork', { age: worker.age, pid: null });
		worker.start();
		this.#wake();
	}

	#signalWorker(age: number, signal: StopSignal): void {
		const worker = this.#crew.get(age);
		// A worker that is given up has been complained of already.
		if (signal === 'SIGKILL' && worker?.running && !worker.condemned)
			this.#log.warning(`Worker (pid:${worker.pid}) did not leave in time and is killed`);
		worker?.signal(signal);
	}

	#condemnWorker(age: number): void {
		const worker = this.#crew.get(age);
		if (worker) void endStuckWorker(worker, this.#log).then(() => this.#wake());
	}

	#reapWorker(worker: WorkerHandle, ending: Ending): void {
		this.#crew.remove(worker);
		const { pid, age } = worker;
		if (pid !== undefined) void this.#runHook('child_exit', { age, pid });
		const asked = this.#stopping !== undefined || worker.asked;
		// A worker that was given up, or killed for its memory, has been complained of already.
		if (!worker.condemned && !((asked || worker.told === 'SIGKILL') && endedByRequest(ending))) {
			const description = describeEnding(ending, asked || worker.readySince !== undefined);
			if (description) this.#log.error(`Worker (pid:${pid ?? 'none'}) ${description}`);
		}
		if (this.#stopping) return;
		const { readySince } = worker;
		if (readySince === undefined && (worker.condemned || !asked)) this.#countFailedBoot(worker, ending);
		else if (readySince !== undefined && !asked)
			this.#failures.countEnd(this.#clock.now(), this.#crew.serving.length, { readySince, killed: endedByRequest(ending) });
	}

	#countFailedBoot(worker: WorkerHandle, ending: Ending): void {
		const status = worker.condemned ? WORKER_BOOT_ERROR : haltingStatus(ending);
		if (this.#everReady || status === undefined) this.#failures.count(this.#clock.now(), this.#crew.serving.length);
		else this.#halt(haltingReason(status), status);
	}

	#handleSignal(name: NodeJS.Signals): void {
		const { config } = this.#setup.configuration;
		this.#log.info(`Handling signal: ${name.slice('SIG'.length).toLowerCase()}`);
		if (name === 'SIGUSR1') this.#reopenLogs();
		else if (name === 'SIGTERM') this.#beginStop(true, this.#graceMs);
		else if (name === 'SIGINT' || name === 'SIGQUIT') this.#beginStop(false, this.#stopping ? HURRY_MS : this.#graceMs);
		else if (name === config.stack_signal) this.#logAllStacks();
		// What follows would bring workers up, or take care of their number.
		else if (this.#stopping) return;
		else if (!this.#started) this.#deferred.push(name);
		else if (name === 'SIGHUP') this.#hangUp();
		else if (name === 'SIGTTIN') this.#setWanted(this.#wanted + 1);
		else if (name === 'SIGTTOU') this.#setWanted(Math.max(this.#wanted - 1, Math.min(this.#wanted, 1)));
		else if (name === 'SIGWINCH') this.#handleWinch();
		else if (name === 'SIGUSR2') void this.#upgrade();
	}

	get #graceMs(): number {
		const { graceful_timeout, pre_stop_delay } = this.#setup.configuration.config;
		return (graceful_timeout + pre_stop_delay) * 1_000 + KILL_SLACK_MS;
	}

	#reopenLogs(): void {
		this.#setup.logs.reopen();
		for (const worker of this.#crew.all) worker.forward('SIGUSR1');
	}

	#logAllStacks(): void {
		for (const worker of this.#crew.all) if (worker.running) void logStacks(worker, this.#log, 'asked for by a signal');
	}

	#handleWinch(): void {
		const { daemon } = this.#setup.configuration.config;
		if (!daemon) {
			this.#log.debug('SIGWINCH ignored. Not daemonized');
			return;
		}
		this.#log.info('graceful stop of workers');
		this.#setWanted(0);
	}

	#setWanted(wanted: number, before: number | null = this.#wanted): void {
		this.#wanted = wanted;
		if (wanted !== before) void this.#runHook('nworkers_changed', wanted, before);
	}

	async #upgrade(): Promise<void> {
		try {
			await this.#options.upgrade?.start(() => this.#setup);
		} catch (error) {
			this.#log.error('Cannot start a new master', error);
		}
	}

	#hangUp(): void {
		this.#log.info('Hang up: Master');
		this.#hangUps.push();
	}

	async #adopt(next: Setup): Promise<void> {
		const before = this.#setup;
		const { config } = next.configuration;
		this.#setup = next;
		this.#options.onAdopt?.(next);
		this.#options.signals.install([config.stack_signal as NodeJS.Signals]);
		await releaseSetup(before, next);
		await this.#runHook('on_reload');
		this.#setWanted(config.workers);
		this.#watchFiles();
		this.#replaceWorkers();
	}

	#replaceWorkers(): void {
		this.#generation++;
		this.#failures.reset();
		this.#wake();
	}

	#watchFiles(): void {
		const { app = '', config } = this.#setup.configuration;
		void this.#watcher?.close();
		this.#watcher = undefined;
		if (!config.reload) return;
		try {
			this.#watcher = this.#options.watch(config, app, this.#log, (paths) => this.#handleChange(paths));
		} catch (error) {
			this.#log.error('Cannot watch the code for changes', error);
		}
	}

	#handleChange(paths: readonly string[]): void {
		if (this.#stopping) return;
		this.#log.info(`Worker reloading: ${paths.join(', ')} modified`);
		this.#replaceWorkers();
	}

	#halt(reason: string, exitStatus: number): void {
		if (this.#stopping) return;
		this.#log.error('Shutting down: Master');
		this.#log.error(`Reason: ${reason}`);
		this.#beginStop(false, HURRY_MS, exitStatus);
		this.#wake();
	}

	/** Begins to stop, or makes a stop that has begun hastier. */
	#beginStop(graceful: boolean, graceMs: number, exitStatus = 0): void {
		const again = this.#stopping !== undefined;
		if (!again) this.#options.notifier?.stopping();
		// A second TERM cuts `pre_stop_delay` short.
		else if (graceful && this.#listening) for (const worker of this.#crew.all) worker.forward('SIGTERM');
		this.#stop.abort();
		this.#stopping = hasten(this.#stopping, { graceful, killAt: this.#clock.now() + graceMs, exitStatus });
		const { pre_stop_delay } = this.#setup.configuration.config;
		// The workers go on accepting for so long, and a Unix socket's path has to stay for that.
		if (this.#stopping.graceful && pre_stop_delay > 0 && this.#listening && !again)
			this.#options.clock.schedule(pre_stop_delay * 1_000, () => this.#closeListeners());
		else this.#closeListeners();
	}

	#closeListeners(): void {
		if (!this.#listening) return;
		this.#listening = false;
		for (const listener of this.#setup.listeners) listener.close();
	}

	async #finish(status: number): Promise<void> {
		if (this.#finishing) return;
		this.#finishing = true;
		this.#clock.clear();
		this.#closeListeners();
		logUnkillable(this.#crew.all, this.#log);
		if (status === 0) this.#log.info('Shutting down: Master');
		try {
			await this.#runHook('on_exit');
			await this.#watcher?.close();
			await this.#setup.configuration.close();
			this.#options.pidFile?.unlink();
			this.#options.upgrade?.finish();
		} catch (error) {
			this.#log.error('Exception in the master', error);
		}
		await this.#setup.logs.close(LAST_LINES_MS);
		this.#exit(status);
	}

	/** Runs a hook with a view of this server; it resolves whatever the hook does. */
	async #runHook(name: string, ...views: readonly unknown[]): Promise<void> {
		const { hooks } = this.#setup.configuration;
		if (hooks.has(name)) await hooks.run(name, serverView(this.#setup, this.#wanted), ...views);
	}
}
