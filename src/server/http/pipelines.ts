import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Node's own marks on a response and a connection; no type declares them. */
interface WaitingResponse extends ServerResponse {
	_closed: boolean;
}
interface ServingSocket extends Socket {
	readonly _httpMessage?: ServerResponse | null;
}

/**
 * Responses that wait for their turn, because their client has asked again before it had an answer. Node tells only the one whose turn
 * it is that its connection has gone; here the others hear of it, too. Runs on the hub.
 */
export class Pipelines {
	readonly #waiting = new WeakMap<Socket, Set<WaitingResponse>>();

	/** A request has come. Costs nothing when it is the only one on its connection. */
	follow(response: ServerResponse): void {
		if (response.socket) return;
		const waiting = this.#on(response.req.socket);
		waiting.add(response as WaitingResponse);
		response.once('close', () => waiting.delete(response as WaitingResponse));
	}

	/** The last response that is due on a connection; undefined when there is none. */
	last(socket: Socket): ServerResponse | undefined {
		return [...(this.#waiting.get(socket) ?? [])].at(-1) ?? (socket as ServingSocket)._httpMessage ?? undefined;
	}

	#on(socket: Socket): Set<WaitingResponse> {
		const known = this.#waiting.get(socket);
		if (known) return known;
		const waiting = new Set<WaitingResponse>();
		this.#waiting.set(socket, waiting);
		socket.once('close', () => {
			for (const response of waiting) close(response);
		});
		return waiting;
	}
}

/** As Node's server. */
function close(response: WaitingResponse): void {
	if (response._closed) return;
	response.destroyed = true;
	response._closed = true;
	response.emit('close');
}
