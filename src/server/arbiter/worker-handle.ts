import type { ChildProcess } from 'node:child_process';
import type { Duplex } from 'node:stream';
import type { WorkerFigures } from '../worker/worker-contract.js';
import { type Boot, type FromWorker, WATCHDOG_FD } from '../worker/worker-protocol.js';
import type { Setup } from './arbiter-options.js';
import { layOut } from './listeners.js';
import type { StopSignal, WorkerView } from './plan.js';
import { serverView } from './server-view.js';
import { WatchdogLine } from './watchdog-line.js';
import { startProcess } from './worker-start.js';

/** How a worker process ended. */
export interface Ending {
	readonly status: number | null;
	readonly signal: NodeJS.Signals | null;
	/** Why there never was a process. */
	readonly error?: Error;
}

/** How long the process of a worker that has said goodbye may take to end, in milliseconds. */
const LEAVE_MS = 2_000;

/** How much longer than it was given a worker lives that ought to give up by itself then, and to say what it cut off. */
export const KILL_SLACK_MS = 1_000;

/** How long a stuck worker may take to tell where it stands, in milliseconds, before it is killed without. */
const CONDEMNED_MS = 5_000;

/** How long a worker gets from SIGABRT to SIGKILL, in milliseconds. */
const ABORT_MS = 1_000;

/** How long what a worker said last may take to arrive after its end, in milliseconds. */
const LAST_WORDS_MS = 500;

/** What a worker is started with. */
export interface WorkerPlan {
	readonly age: number;
	readonly generation: number;
	/** The lowest number that no other worker has: for what must not clash, such as inspector ports. */
	readonly slot: number;
	/** The settings and sockets of its generation. */
	readonly setup: Setup;
	/** The arbiter's clock, in milliseconds. */
	readonly now: () => number;
}

/** What happens to a worker; nothing is called after `exit`. */
export interface WorkerEvents {
	/** The worker serves. */
	ready(worker: WorkerHandle): void;
	/** The worker is about to exit. */
	leaving(worker: WorkerHandle): void;
	/** The worker asks to be replaced. */
	retire(worker: WorkerHandle, reason: string): void;
	/** The worker lives. */
	beat(worker: WorkerHandle, figures: WorkerFigures): void;
	/** The worker could not boot, and this is why. */
	failed(worker: WorkerHandle, reason: string): void;
	/** The watchdog of the worker has written where everything stands. */
	stacks(worker: WorkerHandle, text: string): void;
	/** The worker has ended, or never came to be. Called exactly once. */
	exit(worker: WorkerHandle, ending: Ending): void;
}

/** A worker process as its arbiter sees it. It exists from the decision to start it on, its process only from `start` on. */
export class WorkerHandle implements WorkerView {
	readonly age: number;
	readonly generation: number;
	readonly slot: number;
	readonly setup: Setup;
	readonly #now: () => number;
	readonly #events: WorkerEvents;
	#child: ChildProcess | undefined;
	#line: WatchdogLine | undefined;
	#handlersInstalled = false;
	readonly #remembered = new Set<NodeJS.Signals>();
	#readySince: number | undefined;
	#retiring = false;
	#condemned = false;
	#told: StopSignal | undefined;
	/** When it was started or gave its last sign of life. */
	#aliveAt = 0;
	#leaveBy: number | undefined;
	/** How it wants to end, once it has said goodbye. */
	#leaving: Ending | undefined;
	#asked = false;
	#ended = false;

	constructor(plan: WorkerPlan, events: WorkerEvents) {
		this.age = plan.age;
		this.generation = plan.generation;
		this.slot = plan.slot;
		this.setup = plan.setup;
		this.#now = plan.now;
		this.#events = events;
	}

	/** Undefined when there is no process, yet or at all. */
	get pid(): number | undefined {
		return this.#child?.pid;
	}

	/** Whether its process runs, as far as is known. */
	get running(): boolean {
		return this.pid !== undefined && !this.#ended;
	}

	get ready(): boolean {
		return this.#readySince !== undefined;
	}

	/** When it got ready, on the arbiter's clock. */
	get readySince(): number | undefined {
		return this.#readySince;
	}

	get retiring(): boolean {
		return this.#retiring;
	}

	get condemned(): boolean {
		return this.#condemned;
	}

	get told(): StopSignal | undefined {
		return this.#told;
	}

	/** Whether it was told to leave, rather than helped over the end that it had come to by itself. */
	get asked(): boolean {
		return this.#asked;
	}

	get leaveBy(): number | undefined {
		return this.#leaveBy;
	}

	get aliveUntil(): number {
		if (!this.#child || this.#leaving) return Infinity;
		const { timeout, boot_timeout, inspect } = this.setup.configuration.config;
		// At a breakpoint nobody gives a sign of life.
		if (inspect !== null) return Infinity;
		const seconds = this.ready ? timeout : boot_timeout;
		return seconds > 0 ? this.#aliveAt + seconds * 1_000 : Infinity;
	}

	/** Starts the process, unless the worker has been told to leave before that. */
	start(): void {
		if (this.#ended) return;
		this.#aliveAt = this.#now();
		try {
			this.#child = startProcess(this.setup, this.slot);
		} catch (error) {
			this.#end({ status: null, signal: null, error: error as Error });
			return;
		}
		this.#watch(this.#child);
	}

	/** Ends it: at once, or, as long as Node's default action would answer the signal, when the worker has reported its handlers. */
	signal(name: StopSignal): void {
		this.#told = name;
		this.#asked ||= !this.#leaving;
		const { graceful_timeout, pre_stop_delay } = this.setup.configuration.config;
		if (name === 'SIGABRT') this.#leaveBy = this.#now() + ABORT_MS;
		else if (name === 'SIGTERM') this.#leaveWithin((graceful_timeout + pre_stop_delay) * 1_000 + KILL_SLACK_MS);
		if (!this.#child) this.#end({ status: 0, signal: null });
		else if (this.#handlersInstalled || name === 'SIGKILL') this.#child.kill(name);
	}

	/** Kills it for what it has come to by itself: nobody wanted it to leave. */
	kill(): void {
		this.#told = 'SIGKILL';
		this.#child?.kill('SIGKILL');
	}

	/** Passes a signal on that ends nothing; remembered until the worker has reported its handlers. */
	forward(name: NodeJS.Signals): void {
		if (this.#handlersInstalled) this.#child?.kill(name);
		else this.#remembered.add(name);
	}

	/** Gives it up: it no longer counts, whatever it does, and is killed soon even if nobody does more about it. */
	condemn(): void {
		this.#condemned = true;
		this.#leaveWithin(CONDEMNED_MS);
	}

	/** Where the hub and every greenlet stand, or why nobody can tell; takes two seconds at most. */
	async requestStacks(reason: string): Promise<string> {
		return (await this.#line?.requestStacks(reason)) ?? `No stacks (${reason}): there is no process`;
	}

	/** Counts as alive at this moment: time has passed in which nobody could give a sign of life. */
	restartAge(): void {
		this.#aliveAt = this.#now();
	}

	#watch(child: ChildProcess): void {
		// A process for which there was no descriptor has no streams either, whatever the types say; `error` follows.
		const line = (child.stdio as ChildProcess['stdio'] | undefined)?.[WATCHDOG_FD];
		if (line) this.#line = new WatchdogLine(line as Duplex, (text) => this.#events.stacks(this, text));
		// The app can send something of its own, such as null.
		child.on('message', (message: FromWorker | null) => message && this.#receive(message));
		child.once('exit', (status, signal) => {
			const end = () => this.#end(this.#leaving && signal === 'SIGKILL' ? this.#leaving : { status, signal });
			if (!child.connected) return end();
			// What it said last may still be on its way; a descendant of it could hold the channel open for ever.
			const timer = setTimeout(end, LAST_WORDS_MS);
			child.once('disconnect', () => {
				clearTimeout(timer);
				end();
			});
		});
		// The process could not be started; a failing send is followed by the exit, which says more.
		child.on('error', (error) => {
			if (child.pid === undefined) this.#end({ status: null, signal: null, error });
		});
	}

	#end(ending: Ending): void {
		if (this.#ended) return;
		this.#ended = true;
		this.#events.exit(this, ending);
	}

	#leaveWithin(ms: number): void {
		this.#leaveBy = Math.min(this.#leaveBy ?? Infinity, this.#now() + ms);
	}

	#receive(message: FromWorker): void {
		if (this.#ended) return;
		switch (message.type) {
			case 'handlers':
				this.#reportHandlers();
				break;
			case 'ready':
				this.#readySince = this.#now();
				this.restartAge();
				this.#events.ready(this);
				break;
			case 'beat':
				this.restartAge();
				this.#events.beat(this, message);
				break;
			case 'retire':
				if (this.#retiring) break;
				this.#retiring = true;
				this.#events.retire(this, message.reason);
				break;
			case 'failed':
				this.#events.failed(this, message.reason);
				break;
			case 'listener':
				this.#sendListener(message.index);
				break;
			case 'leaving':
				this.#leaving = { status: message.status, signal: null };
				this.#leaveWithin(LEAVE_MS);
				this.#events.leaving(this);
		}
	}

	#reportHandlers(): void {
		this.#handlersInstalled = true;
		if (this.#told) {
			this.#child?.kill(this.#told);
			return;
		}
		this.#boot();
		for (const name of this.#remembered) this.#child?.kill(name);
		this.#remembered.clear();
	}

	#sendListener(index: number): void {
		const handle = this.setup.listeners[index]?.handle;
		// It is closed once the server is being stopped, or when new settings do without it.
		const copy = handle && handle.fd >= 0 ? handle : undefined;
		this.#child?.send({ type: 'listener', index }, copy as never);
	}

	#boot(): void {
		const { configuration, listeners } = this.setup;
		const { app = '', config, hooks } = configuration;
		const { specs, first } = layOut(listeners);
		const server = serverView(this.setup, config.workers);
		const boot: Boot = {
			type: 'boot',
			age: this.age,
			app,
			config,
			listeners: specs,
			server,
			hookFile: hooks.inWorker ? config.config : null,
		};
		// Sent rather than inherited: libuv makes the descriptors 0 to 2 of a child it starts blocking, and that flag belongs to the socket
		// itself, so every other worker's accept() could then hang. The kernel gives a received descriptor the lowest free number.
		this.#child?.send(boot, first as never);
	}
}
