import type { Clock, ClockTimer } from '../clock.js';
import { RETURN } from '../engine/core-operations.js';
import type { Operation } from '../engine/operation.js';
import { type Packet, packArguments, packError, unpack, unpackArguments } from '../engine/threads/codec.js';
import { Exchange, type ExchangeOptions } from '../engine/threads/exchange.js';
import { CellRequest, Notice, type PortRequest } from '../engine/threads/request.js';
import type { Thread } from '../engine/threads/thread.js';
import { GreenletLostError, InternalError, WouldBlockForeverError } from '../errors.js';
import { describeWait, findStuck } from './deadlock.js';
import { type Ending, GreenletRecord, type Interrupt } from './greenlet-record.js';
import { Resources } from './resources.js';
import { Results } from './results.js';
import { type Handler, LATER, type Owner, type Resource, type ServiceHost } from './service.js';

export interface HubOptions extends ExchangeOptions {
	/** The hub's time; everything that greenlets can wait for runs on it. */
	readonly clock: Clock;
	/** An error that belongs to no greenlet. */
	readonly report: (error: unknown) => void;
}

export interface StartOptions {
	/** For messages. */
	readonly name?: string;
	readonly id?: number;
	/** Start this many ms later. */
	readonly delayMs?: number;
	/** Do not keep the process alive for it. */
	readonly unref?: boolean;
	/** The thread of the only one that can ask how it ended; default: there may be others. */
	readonly spawner?: Thread | undefined;
	/** Called once when it has begun to run. */
	readonly onBegin?: (record: GreenletRecord) => void;
	/** Called once when it has ended. */
	readonly onEnd?: (ending: Ending) => void;
}

type AnyHandler = Handler<readonly unknown[], unknown>;
/** A handler that passes packets on unread. */
export type RawHandler = (
	request: CellRequest<GreenletRecord> | PortRequest<GreenletRecord> | Notice<GreenletRecord>,
	packet: Packet,
) => void;

/** Stands in for a greenlet where a callback that outlived its greenlet tells the hub something. */
const NOBODY = new GreenletRecord(0, 'none');

/**
 * The one event loop of the process: knows every greenlet, answers their questions through the services registered
 * with it, owns what they use, and keeps the time. All its state lives on the hub thread. It knows no I/O itself.
 */
export class Hub implements ServiceHost {
	readonly clock: Clock;
	readonly exchange: Exchange<GreenletRecord>;
	readonly resources = new Resources();
	readonly atShutdown = new Set<() => Promise<boolean>>();
	/** Greenlets that have not ended. */
	readonly greenlets = new Map<number, GreenletRecord>();
	readonly results = new Results(this.resources);
	readonly #options: HubOptions;
	readonly #handlers: (AnyHandler | undefined)[] = [];
	readonly #raw: (RawHandler | undefined)[] = [];
	readonly #names: string[] = [];
	readonly #quietListeners = new Set<() => void>();
	readonly #liveListeners = new Set<(live: boolean) => void>();
	#live = 0;
	#parks = 0;
	/** Somebody has begun to wait for greenlets since the last look for circles; nothing else can close one. */
	#newWaits = false;
	/** Timers and other deadlines on the hub's clock. */
	timers = 0;
	bootError: Error | undefined;

	constructor(options: HubOptions) {
		this.#options = options;
		this.clock = options.clock;
		this.exchange = new Exchange<GreenletRecord>(options, {
			owner: (thread) => this.greenlets.get(thread.greenlet) ?? NOBODY,
			asked: (_thread, operation, packet, request) => this.#asked(operation, packet, request),
			told: (thread, operation, packet) => this.#told(thread, operation, packet),
			ended: (thread, ok, packet) => this.#ended(thread, ok, packet),
			lost: (thread, error) => this.#lost(thread, error),
			gone: (thread) => this.results.forgetOf(thread),
			quiet: () => this.#quiet(),
			bootFailed: (error) => this.#bootFailed(error),
		});
	}

	handle<A extends readonly unknown[], R>(operation: Operation<A, R>, handler: Handler<A, R>): void {
		this.#register(operation);
		this.#handlers[operation.id] = handler as unknown as AnyHandler;
	}

	/** Registers a handler that gets the arguments as they came. */
	handleRaw(operation: Operation<readonly never[], unknown>, handler: RawHandler): void {
		this.#register(operation);
		this.#raw[operation.id] = handler;
	}

	#register({ id, name }: { id: number; name: string }): void {
		if (this.#names[id] !== undefined) throw new InternalError(`Operation ${id} is registered twice: ${this.#names[id]} and ${name}`);
		this.#names[id] = name;
	}

	/** What an operation is called in messages. */
	operationName(id: number): string | undefined {
		return this.#names[id];
	}

	own(owner: Owner, resource: Resource): number {
		return this.resources.own(owner, resource);
	}

	resource(handle: number): Resource | undefined {
		return this.resources.get(handle);
	}

	release(handle: number, owner?: Owner): void {
		this.resources.release(handle, owner);
	}

	timer(delayMs: number, callback: () => void): ClockTimer {
		this.timers++;
		const ended = () => {
			if (!open) return false;
			open = false;
			this.timers--;
			return true;
		};
		let open = true;
		const timer = this.clock.schedule(delayMs, () => {
			if (ended()) callback();
		});
		return {
			cancel: () => {
				if (ended()) timer.cancel();
			},
		};
	}

	/** Starts a greenlet of a kind whose runner the threads know; `args` are packed here. */
	start<A extends readonly unknown[]>(kind: Operation<A, unknown>, args: A, options: StartOptions = {}): GreenletRecord {
		return this.startPacket(kind.id, packArguments(args), options);
	}

	/** `start` with arguments that are packed already. */
	startPacket(operation: number, packet: Packet, options: StartOptions): GreenletRecord {
		const record = new GreenletRecord(options.id ?? this.exchange.board.takeId(), options.name ?? '');
		if (options.onEnd) record.endings.add(options.onEnd);
		this.greenlets.set(record.id, record);
		record.spawner = options.spawner;
		record.unref = options.unref === true;
		if (!record.unref) this.#liveBy(1);
		if (packet.handles) this.#bring(record, packet.handles);
		record.start = { greenlet: record.id, operation, packet, taken: (thread) => this.#taken(record, thread, options.onBegin) };
		if (options.delayMs !== undefined && options.delayMs > 0) {
			record.state = 'delayed';
			record.delay = this.timer(options.delayMs, () => this.#enqueue(record));
		} else this.#enqueue(record);
		return record;
	}

	#enqueue(record: GreenletRecord): void {
		record.state = 'queued';
		if (record.start) this.exchange.start(record.start);
	}

	#taken(record: GreenletRecord, thread: Thread, onBegin?: (record: GreenletRecord) => void): void {
		record.state = 'running';
		record.thread = thread;
		record.start = undefined;
		onBegin?.(record);
	}

	/** Registers script mode's main greenlet, which has its stack already. */
	adoptMain(thread: Thread): GreenletRecord {
		const record = new GreenletRecord(thread.cell.greenlet, 'main');
		record.unref = true;
		this.greenlets.set(record.id, record);
		thread.greenlet = record.id;
		thread.state = 'busy';
		this.#taken(record, thread);
		this.exchange.pool.seat(thread);
		return record;
	}

	/** Says whether a greenlet counts among those that keep the process alive. */
	setUnref(record: GreenletRecord, unref: boolean): void {
		if (record.unref === unref) return;
		record.unref = unref;
		this.#liveBy(unref ? -1 : 1);
	}

	/**
	 * Calls `listener` whenever the number of greenlets that keep the process alive becomes, or ceases to be, 0; the
	 * returned function ends that.
	 */
	onLive(listener: (live: boolean) => void): () => void {
		this.#liveListeners.add(listener);
		return () => this.#liveListeners.delete(listener);
	}

	/** `owner` has told that a greenlet is to keep the process alive, which may have ended already. */
	kept(owner: GreenletRecord): void {
		owner.kept++;
		if (this.#live === 0) this.#tellLive();
	}

	/** How many greenlets keep the process alive. */
	get live(): number {
		return this.#live;
	}

	#liveBy(change: number): void {
		const before = this.#live;
		this.#live += change;
		if ((before === 0) !== (this.#live === 0)) this.#tellLive();
	}

	#tellLive(): void {
		for (const listener of [...this.#liveListeners]) listener(this.#live > 0);
	}

	#asked(operation: number, packet: Packet, request: CellRequest<GreenletRecord> | PortRequest<GreenletRecord>): void {
		const record = request.owner;
		if (request instanceof CellRequest) {
			if (operation === RETURN.id) {
				this.#returned(record, request);
				return;
			}
			record.request = request;
			record.operation = operation;
			record.wait = undefined;
			const interrupt = record.interrupts.shift();
			if (interrupt) {
				request.forward('error', interrupt.packet);
				return;
			}
		}
		this.#dispatch(operation, packet, request);
		if (record.news && record.parked) this.nudge(record);
	}

	/**
	 * Has a greenlet act on the news its thread's port holds: at once even when it is parked, whose question then stays
	 * open while it is away. It may park again meanwhile, and be sent away from there.
	 */
	nudge(record: GreenletRecord): void {
		// One that runs will not see its port before it parks, or returns from where it was sent: it is sent away then.
		record.news = !record.request?.sendAway();
		if (!record.news && record.request) record.away.push(record.request);
	}

	#returned(record: GreenletRecord, request: CellRequest<GreenletRecord>): void {
		const question = record.away.pop();
		if (!question) throw new InternalError(`Greenlet ${record.label} returned to a question it was never sent away from`);
		record.request = question;
		question.comeBack(request);
		const interrupt = question.pending ? record.interrupts.shift() : undefined;
		if (interrupt) question.interrupt(interrupt.packet);
		if (record.news && question.pending) this.nudge(record);
	}

	#told(thread: Thread, operation: number, packet: Packet): void {
		const owner = this.greenlets.get(thread.greenlet) ?? NOBODY;
		this.#dispatch(operation, packet, new Notice(owner, this.#options.report));
	}

	#dispatch(operation: number, packet: Packet, request: Parameters<RawHandler>[0]): void {
		try {
			if (packet.handles) this.#bring(request.owner, packet.handles);
			const raw = this.#raw[operation];
			if (raw) {
				raw(request, packet);
				return;
			}
			const handler = this.#handlers[operation];
			if (!handler) throw new InternalError(`Nobody has registered operation ${operation} with the hub`);
			const result = handler(request, ...unpackArguments(packet));
			if (result === LATER) return;
			if (result instanceof Promise) {
				result.then(
					(value) => request.resolve(value),
					(error: unknown) => request.reject(error),
				);
			} else request.resolve(result);
		} catch (error) {
			request.reject(error);
		}
	}

	/** Marks a parked greenlet as waiting for others, without which it cannot go on. */
	waitsFor(record: GreenletRecord, greenlets: readonly number[], count: number): void {
		record.wait = { greenlets, count, since: this.#parks++ };
		this.#newWaits = true;
	}

	/** Throws `interrupt` into a greenlet: now when it is parked, at its next parking point otherwise. */
	interrupt(record: GreenletRecord, interrupt: Interrupt): void {
		if (!record.request?.interrupt(interrupt.packet)) record.interrupts.push(interrupt);
	}

	#ended(thread: Thread, ok: boolean, packet: Packet): void {
		const record = this.greenlets.get(thread.greenlet);
		if (!record) throw new InternalError(`Thread ${thread.index} ended greenlet ${thread.greenlet}, which is not running`);
		this.finish(record, { ok, packet });
	}

	#lost(thread: Thread, error: Error | undefined): void {
		const record = this.greenlets.get(thread.greenlet);
		if (!record) return; // given up before, by a kill that could not wait
		record.request?.abandon();
		// piscina says "worker" for what is a thread here.
		const why = record.lostWhy ?? error?.message.replace(/^worker/, 'its thread') ?? 'its thread left';
		this.finish(record, { ok: false, packet: packError(new GreenletLostError(record.label, why, error ? { cause: error } : undefined)) });
	}

	/** Records how a greenlet ended, lets go of what it held, and tells who waits. */
	finish(record: GreenletRecord, ending: Ending): void {
		record.state = 'ended';
		record.delay?.cancel();
		for (const timer of record.timeouts.values()) timer.cancel();
		this.greenlets.delete(record.id);
		for (const handle of ending.packet.handles ?? []) this.#share(handle);
		this.results.keep(record, ending);
		this.resources.releaseAll(record);
		for (const ended of record.endings) ended(ending);
		record.endings.clear();
		if (!record.unref) this.#liveBy(-1);
	}

	/** Forgets an ending nobody will ask for. */
	forget(id: number): void {
		const record = this.greenlets.get(id);
		if (record) record.forgotten = true;
		this.results.forget(id);
	}

	/** Has `owner` hold what came with a packet. */
	#bring(owner: Owner, handles: readonly number[]): void {
		this.resources.retain(owner, handles);
		for (const handle of handles) this.#share(handle);
	}

	/** A greenlet that a packet refers to can from now on be asked about from elsewhere. */
	#share(handle: number): void {
		const record = this.greenlets.get(-handle);
		if (record) record.spawner = undefined;
		this.results.share(-handle);
	}

	#bootFailed(error: Error): void {
		this.bootError = error;
		for (const record of [...this.greenlets.values()]) {
			if (!record.start || !this.exchange.withdraw(record.start)) continue;
			const lost = new GreenletLostError(record.label, `its thread could not be set up: ${error.message}`, { cause: error });
			this.finish(record, { ok: false, packet: packError(lost) });
		}
		this.#options.report(error);
	}

	/** Calls `listener` whenever no greenlet runs and none has asked anything. */
	onQuiet(listener: () => void): void {
		this.#quietListeners.add(listener);
	}

	#quiet(): void {
		if (this.#newWaits) {
			this.#newWaits = false;
			this.#breakDeadlock();
		}
		for (const listener of this.#quietListeners) listener();
	}

	/** Whoever closed the circle gets the error; that frees the others, which a wholesale failure would not. */
	#breakDeadlock(): void {
		const stuck = findStuck(this.greenlets.values(), this.exchange.pool.hopeful);
		const last = stuck.sort((a, b) => (b.wait?.since ?? 0) - (a.wait?.since ?? 0))[0];
		if (!last) return;
		this.#newWaits = true; // there may be a second circle
		const lines = stuck.map((record) => describeWait(record, this.greenlets));
		this.interrupt(last, { packet: packError(new WouldBlockForeverError(lines)) });
	}

	/** Ends all threads and lets go of all resources; greenlets that still run are lost. */
	async close(): Promise<void> {
		this.resources.clear();
		await this.exchange.close();
	}
}

/** The value of an ending, or its error thrown; for code that lives on the hub. */
export function endingValue(ending: Ending): unknown {
	const value = unpack(ending.packet);
	if (ending.ok) return value;
	throw value;
}
