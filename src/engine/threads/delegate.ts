import type { Packet } from './codec.js';
import type { CellRequest, PortRequest } from './request.js';
import type { Thread } from './thread.js';

/** What the hub does with what threads say. */
export interface Delegate<O> {
	/** Who is carried by a thread now. */
	owner(thread: Thread): O;
	/** A question; `cell` tells a parked greenlet from code that goes on meanwhile. */
	asked(thread: Thread, operation: number, packet: Packet, request: CellRequest<O> | PortRequest<O>): void;
	told(thread: Thread, operation: number, packet: Packet): void;
	ended(thread: Thread, ok: boolean, packet: Packet): void;
	/** The thread died under its greenlet. */
	lost(thread: Thread, error: Error | undefined): void;
	/** The thread has ended, whatever it carried; nothing more comes from it. */
	gone(thread: Thread): void;
	/** Nothing runs and nobody has asked anything. */
	quiet(): void;
	/** A thread could not even be set up. */
	bootFailed(error: Error): void;
}
