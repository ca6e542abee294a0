import type { MessagePort } from 'node:worker_threads';
import type { Packet } from './codec.js';
import { Lane } from './lane.js';
import { Board, Cell } from './wire.js';

/** A greenlet that is ready to start. */
export interface Start {
	readonly greenlet: number;
	readonly operation: number;
	readonly packet: Packet;
	/** Called on the hub when a thread is seen to have begun it. */
	readonly taken: (thread: Thread) => void;
}

/** What the hub knows about one thread. Hub thread only. */
export class Thread {
	readonly index: number;
	readonly cell: Cell;
	readonly lane: Lane;
	/** The greenlets in its lane, the one that counts as running first. */
	readonly line: Start[] = [];
	/** The last greenlet ended without parking, so that others may be left behind the next. */
	straight = false;
	/** How long its greenlets that do not park take on average, in ms, as seen by the hub, which looks at batches of them. */
	averageMs = 1;
	/** When the hub saw the running greenlet begin, on its own monotonic clock. */
	begunAt = 0;
	/** The greenlet that runs now has parked, or gone on in its thread's event loop. */
	paused = false;
	/** The question that was handled last. */
	seen = 0;
	readonly port: MessagePort;
	/** Set while the thread counts among those that run. */
	counted = false;
	/** The scheduler's sweep at which it was last resumed. */
	resumedAt = 0;
	/** Id of the greenlet it carries, 0 for none. */
	greenlet = 0;
	state: 'booting' | 'idle' | 'busy' | 'leaving' | 'dead' = 'booting';
	/** The loop is left after the present greenlet. */
	retiring = false;
	/** Terminated, but its thread has not ended yet. */
	condemned = false;
	/** Since when it is idle, on the hub's clock. */
	idleSince = 0;
	/** How many counted port messages have been handled, against `cell.posts`. */
	taken = 0;
	/** Packets that came over the port and belong to results or a question yet to be read, in order. */
	readonly ahead: Packet[] = [];
	/** Ends the thread with force. */
	readonly terminate: () => void;

	constructor(index: number, cell: Cell, lane: Lane, port: MessagePort, terminate: () => void) {
		this.index = index;
		this.cell = cell;
		this.lane = lane;
		this.port = port;
		this.terminate = terminate;
	}
}

/** What a thread needs to take part; crosses to it as data. */
export interface ThreadSeat {
	readonly index: number;
	readonly cell: SharedArrayBuffer;
	/** Missing for the main thread of script mode, which is given no greenlets. */
	readonly lane?: SharedArrayBuffer;
	readonly board: SharedArrayBuffer;
	readonly port: MessagePort;
}

/** The thread side's view of the shared memory of a seat. */
export function openSeat(seat: ThreadSeat): { cell: Cell; lane: Lane; board: Board } {
	return { cell: new Cell(seat.cell), lane: new Lane(seat.lane), board: new Board(seat.board) };
}
