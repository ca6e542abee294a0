import type { IncomingMessage } from 'node:http';
import { MemorySocket } from './memory-socket.js';
import { http } from './node-http.js';

const controllers = new WeakMap<IncomingMessage, AbortController>();

/**
 * Gives requests their `signal`, which aborts when the client leaves or the request's time is over; newer versions of Node have
 * one that hears of the former alone. Where a handler in blocking style asks for it, it asks the hub in turn, because no event
 * could have told it.
 */
export function adoptRequestSignals(): void {
	Object.defineProperty(http.IncomingMessage.prototype, 'signal', {
		configurable: true,
		get(this: IncomingMessage): AbortSignal {
			const socket: unknown = this.socket;
			if (socket instanceof MemorySocket && socket.check()) this.destroy();
			return controllerOf(this).signal;
		},
	});
}

/**
 * Aborts the `signal` of a request.
 * @param reason default: as `AbortController` gives it
 */
export function abortRequest(request: IncomingMessage, reason?: unknown): void {
	controllerOf(request).abort(reason);
}

function controllerOf(request: IncomingMessage): AbortController {
	const known = controllers.get(request);
	if (known) return known;
	const controller = new AbortController();
	controllers.set(request, controller);
	if (request.destroyed && !(request.readableEnded && request.complete)) controller.abort();
	else request.once('aborted', () => controller.abort());
	return controller;
}
