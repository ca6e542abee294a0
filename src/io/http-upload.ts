import { Readable } from 'node:stream';
import type { HubRequest } from '../hub/service.js';

/** The body of a request while its pieces arrive from a greenlet; holds about 64 KB ahead of the server. */
export class Upload extends Readable {
	#waiting: HubRequest | undefined;

	constructor() {
		super({ highWaterMark: 65_536 });
	}

	/** Takes one piece; answers 1 when there is room for the next, 0 when the server wants no more. */
	send(request: HubRequest, chunk: Buffer): void {
		if (this.destroyed) request.resolve(0);
		else if (this.push(chunk)) request.resolve(1);
		else this.#waiting = request;
	}

	/** All pieces have been sent. */
	finish(): void {
		if (!this.destroyed) this.push(null);
	}

	override _read(): void {
		this.#answer(1);
	}

	override _destroy(error: Error | null, done: (error: Error | null) => void): void {
		this.#answer(0);
		done(error);
	}

	/** A greenlet that was killed meanwhile does not take the answer, and nothing is lost by that. */
	#answer(more: 0 | 1): void {
		const waiting = this.#waiting;
		this.#waiting = undefined;
		waiting?.resolve(more);
	}
}
