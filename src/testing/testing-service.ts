import type { Hub } from '../hub/hub.js';
import { type HubRequest, LATER, type Resource } from '../hub/service.js';
import { whenQuiet } from './quiescence.js';
import { IDLE, SEQUENCER_AT, SEQUENCER_DONE, SEQUENCER_OPEN } from './testing-messages.js';

/** The hub's side of `waitUntilIdle` and `Sequencer`; registered on their first use. */
export function service(hub: Hub): void {
	idleness(hub);
	hub.handle(SEQUENCER_OPEN, (request) => hub.own(request.owner, new Steps()));
	hub.handle(SEQUENCER_AT, (request, handle, step) => {
		(hub.resource(handle) as Steps).at(step, request);
		return LATER;
	});
	hub.handle(SEQUENCER_DONE, (_request, handle, step) => (hub.resource(handle) as Steps | undefined)?.done(step));
}

function idleness(hub: Hub): void {
	const waiting = new Set<HubRequest>();
	hub.handle(IDLE, (request) => {
		waiting.add(request);
		request.onCancel = () => waiting.delete(request);
		return LATER;
	});
	whenQuiet(hub, () => {
		for (const request of [...waiting]) {
			waiting.delete(request);
			request.resolve(undefined);
		}
		return undefined;
	});
}

/** Which step of a sequence is on, and who waits for its own. */
class Steps implements Resource {
	readonly kind = 'sequencer';
	readonly #waiting = new Map<number, HubRequest>();
	readonly #taken = new Set<number>();
	#next = 0;

	at(step: number, request: HubRequest): void {
		if (this.#taken.has(step)) {
			request.reject(new RangeError(`Cannot wait for step ${step} of a sequence: it has been taken already`));
			return;
		}
		this.#taken.add(step);
		if (step === this.#next) {
			request.resolve(undefined);
			return;
		}
		this.#waiting.set(step, request);
		request.onCancel = () => this.#waiting.delete(step);
	}

	done(step: number): void {
		if (step === this.#next) this.#next++;
		const request = this.#waiting.get(this.#next);
		this.#waiting.delete(this.#next);
		request?.resolve(undefined);
	}

	dispose(): void {
		this.#waiting.clear();
	}
}
