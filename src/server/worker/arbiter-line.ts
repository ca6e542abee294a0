import type { ServerHandle } from '../arbiter/server-handle.js';
import type { ArbiterLink } from './worker-contract.js';
import type { FromWorker, ToWorker } from './worker-protocol.js';

/** Tells the arbiter something; nothing happens when it has died, which arrives as `disconnect`. */
export function tell(message: FromWorker): void {
	if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
}

interface Waiter {
	resolve(handle: ServerHandle): void;
	reject(error: Error): void;
}

/** The line from a worker to its arbiter, over IPC. */
export class ArbiterLine implements ArbiterLink {
	/** Those who wait for a listener, by its index, in their order. */
	readonly #waiting = new Map<number, Waiter[]>();

	constructor() {
		process.on('message', (message: ToWorker, handle: unknown) => {
			if (message.type !== 'listener') return;
			const waiter = this.#waiting.get(message.index)?.shift();
			const listener = handle as ServerHandle | undefined;
			if (!listener) waiter?.reject(new Error(`Cannot fetch listener ${message.index}: the arbiter has closed it`));
			else if (waiter) waiter.resolve(listener);
			else listener.close();
		});
		process.once('disconnect', () => {
			const error = new Error('Cannot fetch a listener: the arbiter has died');
			for (const waiter of [...this.#waiting.values()].flat()) waiter.reject(error);
			this.#waiting.clear();
		});
	}

	beat(figures: Parameters<ArbiterLink['beat']>[0]): void {
		tell({ type: 'beat', ...figures });
	}

	retire(reason: string): void {
		tell({ type: 'retire', reason });
	}

	/** Resolves with a handle of Node's own: `server.listen(handle)` takes it over; its descriptor belongs to it. */
	fetchListener(index: number): Promise<ServerHandle> {
		if (!process.connected) return Promise.reject(new Error('Cannot fetch a listener: the arbiter has died'));
		return new Promise((resolve, reject) => {
			this.#waiting.set(index, [...(this.#waiting.get(index) ?? []), { resolve, reject }]);
			tell({ type: 'listener', index });
		});
	}
}
