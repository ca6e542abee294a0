/** What the master understands. */
export const ARBITER_SIGNALS = ['SIGHUP', 'SIGTERM', 'SIGINT', 'SIGQUIT', 'SIGTTIN', 'SIGTTOU', 'SIGUSR1', 'SIGUSR2', 'SIGWINCH'] as const;

/** What a worker understands, and what must do it no harm: the last three are for the master, and a terminal sends WINCH to all. */
export const WORKER_SIGNALS = ['SIGTERM', 'SIGINT', 'SIGQUIT', 'SIGUSR1', 'SIGABRT', 'SIGWINCH', 'SIGHUP', 'SIGUSR2'] as const;

/**
 * Signals that wait to be handled. The handlers do nothing but enqueue, so that a signal can neither interrupt a decision nor get
 * lost before the code that decides has been loaded. Imports nothing: an entry module installs it before all other imports,
 * because until then Node's default action would end the process.
 */
export class SignalQueue {
	#waiting: NodeJS.Signals[] = [];
	readonly #installed = new Set<NodeJS.Signals>();
	#notify: (() => void) | undefined;

	/** Starts to enqueue these signals instead of taking Node's default action; no harm for one that is enqueued already. */
	install(names: readonly NodeJS.Signals[]): void {
		for (const name of names) {
			if (this.#installed.has(name)) continue;
			this.#installed.add(name);
			process.on(name, () => this.push(name));
		}
	}

	/** Enqueues a signal as if it had been sent. */
	push(name: NodeJS.Signals): void {
		this.#waiting.push(name);
		this.#notify?.();
	}

	/** Has `notify` called after each signal from now on, and at once when some are waiting. */
	attach(notify: () => void): void {
		this.#notify = notify;
		if (this.#waiting.length > 0) notify();
	}

	/** Takes all that wait, in the order they came. */
	take(): readonly NodeJS.Signals[] {
		const taken = this.#waiting;
		this.#waiting = [];
		return taken;
	}
}
