import { GreenError } from '../../errors.js';
import type { Log } from '../log/log.js';
import type { Setup } from './arbiter-options.js';
import { nextSetup, releaseSetup, type SetupSources } from './next-setup.js';

/** What handling a HUP asks of the arbiter. */
export interface HangUpSteps {
	/** What is in force. */
	current(): Setup;
	/** Aborted when the server is being stopped, so that nothing new is to be taken over any more. */
	readonly stop: AbortSignal;
	/** The first of a series has come. */
	begin(): void;
	/** Puts a new setup in force. */
	adopt(next: Setup): Promise<void>;
	/** The last of a series has been handled. */
	end(): void;
}

/** Handles HUP, one after the other: those that come while one is being handled are one more, together. */
export class HangUps {
	readonly #sources: SetupSources;
	readonly #steps: HangUpSteps;
	#busy = false;
	#again = false;

	constructor(sources: SetupSources, steps: HangUpSteps) {
		this.#sources = sources;
		this.#steps = steps;
	}

	/** Whether one is being handled. */
	get busy(): boolean {
		return this.#busy;
	}

	/** A HUP has come. */
	push(): void {
		this.#again = true;
		if (!this.#busy) void this.#handleAll();
	}

	async #handleAll(): Promise<void> {
		this.#busy = true;
		this.#steps.begin();
		while (this.#again && !this.#steps.stop.aborted) {
			this.#again = false;
			await this.#handle();
		}
		this.#busy = false;
		this.#steps.end();
	}

	/** With anything wrong everything stays as it was, and the log says why. */
	async #handle(): Promise<void> {
		const log: Log = this.#steps.current().logs.log;
		try {
			const next = await nextSetup(this.#steps.current(), this.#sources, this.#steps.stop);
			if (this.#steps.stop.aborted) await releaseSetup(next, this.#steps.current());
			else await this.#steps.adopt(next);
		} catch (error) {
			if (this.#steps.stop.aborted) return;
			const known = error instanceof GreenError;
			log.error(`Cannot reload, everything stays as it was: ${(error as Error).message}`, known ? undefined : error);
		}
	}
}
