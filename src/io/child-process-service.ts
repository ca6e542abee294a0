import type { ClockTimer } from '../clock.js';
import { type HubRequest, LATER, type Service, type ServiceHost } from '../hub/service.js';
import { ChildNursery, type Nursling, type Parent } from './child-nursery.js';
import { type ChildEnd, type ChildMessage, RUN_CHILD } from './child-process-messages.js';
import { ChildRun, startChild } from './child-run.js';

/** From this size on, starting a child here costs more than having it started by a process kept for that. */
const LARGE_BYTES = 160 * 1024 * 1024;

/**
 * Makes the service that runs child processes for greenlets. Runs on the hub, which owns the children and ends those whose greenlet
 * is gone.
 * @param largeBytes resident size from which on a nursery starts the children that it can start
 */
export function childProcessServiceFrom(largeBytes: number): Service {
	return (host) => {
		const nursery = new ChildNursery();
		host.handle(RUN_CHILD, (request, message) => {
			if (ChildNursery.takes(message) && process.memoryUsage.rss() >= largeBytes) {
				const wait = new Wait(host, request);
				wait.begin(message, nursery.start(message, wait));
				return LATER;
			}
			const run = startChild(message);
			if (!(run instanceof ChildRun)) return run;
			const wait = new Wait(host, request);
			wait.begin(message, run);
			run.onEnd((end) => wait.ended(end));
			return LATER;
		});
	};
}

/** Runs child processes for greenlets. */
export const childProcessService: Service = childProcessServiceFrom(LARGE_BYTES);

/** A greenlet's wait for a child, whoever started that. */
class Wait implements Parent {
	readonly #host: ServiceHost;
	readonly #request: HubRequest;
	#handle = 0;
	#timer: ClockTimer | undefined;

	constructor(host: ServiceHost, request: HubRequest) {
		this.#host = host;
		this.#request = request;
	}

	begin({ file, timeoutMs }: ChildMessage, child: Nursling): void {
		this.#handle = this.#host.own(this.#request.owner, { kind: `child ${file}`, dispose: () => child.dispose() });
		this.#request.onCancel = () => this.#finish();
		if (timeoutMs > 0) this.#timer = this.#host.timer(timeoutMs, () => child.expire());
	}

	ended(end: ChildEnd): void {
		this.#finish();
		this.#request.resolve(end);
	}

	failed(error: Error): void {
		this.#finish();
		this.#request.reject(error);
	}

	#finish(): void {
		this.#timer?.cancel();
		this.#host.release(this.#handle);
	}
}
