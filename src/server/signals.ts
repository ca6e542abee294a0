/**
 * Signals that wait to be handled. The handlers do nothing but enqueue, so that a signal can neither interrupt a decision nor get
 * lost before the code that decides has been loaded. Imports nothing: an entry module installs it before all other imports,
 * because until then Node's default action would end the process.
 */
export class SignalQueue {
	#waiting: NodeJS.Signals[] = [];
	#notify: (() => void) | undefined;

	/** Starts to enqueue these signals instead of taking Node's default action. */
	install(names: readonly NodeJS.Signals[]): void {
		for (const name of names) {
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
