import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Clock } from '../../clock.js';
import type { Config } from '../config/config.js';
import { type Boot, type FromWorker, FURTHER_LISTENERS_FD } from '../worker/worker-protocol.js';
import type { Listener } from './listeners.js';
import type { StopSignal, WorkerView } from './plan.js';

/** How a worker process ended. */
export interface Ending {
	readonly status: number | null;
	readonly signal: NodeJS.Signals | null;
	/** Why there never was a process. */
	readonly error?: Error;
}

/** How long the process of a worker that has said goodbye may take to end, in milliseconds. */
const LEAVE_MS = 2_000;

/** What every worker is started with. */
export interface WorkerPlan {
	readonly app: string;
	readonly config: Config;
	readonly listeners: readonly Listener[];
	readonly clock: Clock;
}

export interface WorkerEvents {
	/** The worker serves. */
	ready(worker: WorkerHandle): void;
	/** The worker is about to exit. */
	leaving(worker: WorkerHandle): void;
	/** The worker has ended, or never came to be. Called exactly once. */
	exit(worker: WorkerHandle, ending: Ending): void;
}

/** A worker process as its arbiter sees it. */
export class WorkerHandle implements WorkerView {
	readonly age: number;
	readonly #child: ChildProcess;
	#handlersInstalled = false;
	#ready = false;
	#told: StopSignal | undefined;
	#leaveBy: number | undefined;
	#ended = false;

	/** Starts the process. */
	constructor(age: number, plan: WorkerPlan, events: WorkerEvents) {
		this.age = age;
		this.#child = startProcess(plan.listeners);
		this.#child.on('message', (message: FromWorker) => this.#receive(message, plan, events));
		const ended = (ending: Ending) => {
			if (this.#ended) return;
			this.#ended = true;
			events.exit(this, ending);
		};
		this.#child.once('exit', (status, signal) => ended({ status, signal }));
		// The process could not be started; a failing send is followed by the exit, which says more.
		this.#child.on('error', (error) => {
			if (this.#child.pid === undefined) ended({ status: null, signal: null, error });
		});
	}

	/** Undefined when the process could not be started. */
	get pid(): number | undefined {
		return this.#child.pid;
	}

	get ready(): boolean {
		return this.#ready;
	}

	get told(): StopSignal | undefined {
		return this.#told;
	}

	get leaveBy(): number | undefined {
		return this.#leaveBy;
	}

	/** Sends a signal: at once, or, as long as Node's default action would answer it, when the worker has reported its handlers. */
	signal(name: StopSignal): void {
		this.#told = name;
		if (this.#handlersInstalled || name === 'SIGKILL') this.#child.kill(name);
	}

	#receive({ type }: FromWorker, plan: WorkerPlan, events: WorkerEvents): void {
		switch (type) {
			case 'handlers':
				this.#handlersInstalled = true;
				if (this.#told) this.#child.kill(this.#told);
				else this.#boot(plan);
				break;
			case 'ready':
				this.#ready = true;
				events.ready(this);
				break;
			case 'leaving':
				this.#leaveBy = plan.clock.now() + LEAVE_MS;
				events.leaving(this);
		}
	}

	#boot({ app, config, listeners }: WorkerPlan): void {
		const specs = listeners.map(({ address }, index) => ({ address, fd: index === 0 ? 0 : FURTHER_LISTENERS_FD + index - 1 }));
		const boot: Boot = { type: 'boot', age: this.age, app, config, listeners: specs };
		// Sent rather than inherited: libuv makes the descriptors 0 to 2 of a child it starts blocking, and that flag belongs to the socket
		// itself, so every other worker's accept() could then hang. The kernel gives a received descriptor the lowest free number.
		this.#child.send(boot, listeners[0]?.handle as never);
	}
}

function startProcess(listeners: readonly Listener[]): ChildProcess {
	const script = fileURLToPath(new URL('../worker/worker-process.js', import.meta.url));
	return spawn(process.execPath, [...process.execArgv.filter((argument) => !argument.startsWith('--inspect')), script], {
		stdio: ['ignore', 'inherit', 'inherit', 'ipc', ...listeners.slice(1).map(({ handle }) => handle.fd)],
	});
}
