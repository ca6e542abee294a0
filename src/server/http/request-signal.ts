import { IncomingMessage } from 'node:http';
import { MemorySocket } from './memory-socket.js';

const controllers = new WeakMap<IncomingMessage, AbortController>();

/**
 * Gives requests their `signal`, which aborts when the client leaves, on Node versions without one. Where a handler in
 * blocking style asks for it, it asks the hub in turn, because no event could have told it.
 */
export function adoptRequestSignals(): void {
	const native = Object.getOwnPropertyDescriptor(IncomingMessage.prototype, 'signal')?.get;
	Object.defineProperty(IncomingMessage.prototype, 'signal', {
		configurable: true,
		get(this: IncomingMessage): AbortSignal {
			const socket: unknown = this.socket;
			if (socket instanceof MemorySocket && socket.check()) this.destroy();
			return native ? native.call(this) : signalOf(this);
		},
	});
}

function signalOf(request: IncomingMessage): AbortSignal {
	const known = controllers.get(request);
	if (known) return known.signal;
	const controller = new AbortController();
	controllers.set(request, controller);
	if (request.destroyed && !(request.readableEnded && request.complete)) controller.abort();
	else request.once('aborted', () => controller.abort());
	return controller.signal;
}
