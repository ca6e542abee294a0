import * as core from '../engine/core-operations.js';
import { type Packet, packError, packTag } from '../engine/threads/codec.js';
import { KillPendingError, TimedOutError } from '../errors.js';
import { forwardEnding } from './forward.js';
import type { GreenletRecord } from './greenlet-record.js';
import type { Hub } from './hub.js';
import { Killer } from './killer.js';
import { type HubRequest, LATER } from './service.js';

/** What a SPAWN tells, besides the packet for the thread that it carries inside. */
export type SpawnOrder = [id: number, name: string, delayMs: number, unref: boolean, limitMs: number, graceMs: number];

/** The hub's own operations: sleeping, spawning, waiting, killing, timeouts. */
export function coreService(hub: Hub): void {
	const killer = new Killer(hub);
	hub.handle(core.ECHO, (_request, value) => value);
	hub.handle(core.SLEEP, (request, ms) => sleep(hub, request, ms));
	hub.handleRaw(core.SPAWN, (request, packet) => spawn(hub, killer, request.owner as GreenletRecord, packet));
	hub.handle(core.GET, (request, id, block, timeoutMs) => get(hub, request, id, block !== 0, timeoutMs));
	hub.handle(core.JOIN, (request, ids, count, timeoutMs) => join(hub, request, ids, count, timeoutMs));
	hub.handle(core.KILL, (request, ids, error, block, timeoutMs, graceMs) => {
		const packet = packError(error);
		for (const id of ids) killer.kill(hub.greenlets.get(id), packet, graceMs);
		return block ? awaitDeath(hub, request, ids, timeoutMs) : true;
	});
	hub.handle(core.STATUS, (_request, id) => status(hub, id));
	hub.handle(core.UNREF, (request, id, unref) => {
		const record = hub.greenlets.get(id);
		if (record) hub.setUnref(record, unref);
		if (!unref) hub.kept(request.owner as GreenletRecord);
	});
	hub.handle(core.FORGET, (_request, id) => hub.forget(id));
	hub.handle(core.RELEASE, (request, handle) => hub.release(handle, request.owner));
	hub.handle(core.TIMEOUT_START, (request, timeout, ms) => startTimeout(hub, request.owner as GreenletRecord, timeout, ms));
	hub.handle(core.TIMEOUT_CANCEL, (request, timeout) => cancelTimeout(request.owner as GreenletRecord, timeout));
	hub.handle(core.SHUTDOWN, () => killer.shutdown());
}

function sleep(hub: Hub, request: HubRequest, ms: number): typeof LATER {
	if (ms <= 0) {
		// A bare yield: everybody who is ready goes first.
		const turn = setImmediate(() => request.resolve(undefined));
		request.onCancel = () => clearImmediate(turn);
		return LATER;
	}
	const timer = hub.timer(ms, () => request.resolve(undefined));
	request.onCancel = () => timer.cancel();
	return LATER;
}

function spawn(hub: Hub, killer: Killer, owner: GreenletRecord, packet: Packet): void {
	const [id, name, delayMs, unref, limitMs, graceMs] = packet.value as SpawnOrder;
	const limited = limitMs >= 0 && { onBegin: (record: GreenletRecord) => limit(hub, killer, record, limitMs, graceMs) };
	hub.startPacket(core.RUN_TASK.id, packet.inner as Packet, { id, name, delayMs, unref, spawner: owner.thread, ...limited });
	if (!unref) hub.kept(owner);
}

/** The number among a greenlet's timeouts of the one it was spawned with; those it starts itself count from 1. */
const SPAWNED_WITH = 0;

/**
 * Limits how long a greenlet that has just begun may run. This, its end, kills and its own timeouts are all decided here on the hub,
 * one after the other, so that only their order counts:
 * - End first: `finish` stops the timer, and the grace with it. A greenlet that has ended in its thread, unheard so far, still gets the
 *   interrupt, which finds no question to answer and is dropped with the record; should the grace run out as well, `isolate` hears the
 *   end before the thread is touched.
 * - Timeout and kill: whichever comes first is thrown at the parking point, and the other at the next one, if there is one. Each starts
 *   a grace of its own, and the shorter one terminates the thread, once.
 */
function limit(hub: Hub, killer: Killer, record: GreenletRecord, ms: number, graceMs: number): void {
	const timer = hub.timer(ms, () => {
		record.timeouts.delete(SPAWNED_WITH);
		killer.kill(record, packTag('Timeout', [SPAWNED_WITH, ms]), graceMs, `it timed out after ${ms} ms`);
	});
	record.timeouts.set(SPAWNED_WITH, timer);
}

function get(hub: Hub, request: HubRequest, id: number, block: boolean, timeoutMs: number): typeof LATER {
	const record = hub.greenlets.get(id);
	if (!record) {
		answerEnding(hub, request, id);
		return LATER;
	}
	if (!block) throw new TimedOutError(`Greenlet ${record.label}`, 0);
	waitFor(hub, request, [record], 1, timeoutMs, (ended) => {
		if (ended > 0) answerEnding(hub, request, id);
		else request.reject(new TimedOutError(`Greenlet ${record.label}`, timeoutMs));
	});
	return LATER;
}

function answerEnding(hub: Hub, request: HubRequest, id: number): void {
	const ending = hub.results.get(id);
	if (!ending) {
		request.resolve(undefined);
		return;
	}
	if (ending.packet.handles) hub.resources.retain(request.owner, ending.packet.handles);
	forwardEnding(request, ending);
}

function join(hub: Hub, request: HubRequest, ids: number[], count: number, timeoutMs: number): typeof LATER {
	const alive = ids.map((id) => hub.greenlets.get(id)).filter((record) => record !== undefined);
	const answer = () => request.resolve(ids.filter((id) => !hub.greenlets.has(id)));
	const missing = count - (ids.length - alive.length);
	if (missing <= 0) answer();
	else waitFor(hub, request, alive, missing, timeoutMs, answer);
	return LATER;
}

function awaitDeath(hub: Hub, request: HubRequest, ids: number[], timeoutMs: number): boolean | typeof LATER {
	const alive = ids
		.map((id) => hub.greenlets.get(id))
		.filter((record) => record !== undefined && record !== request.owner) as GreenletRecord[];
	if (alive.length === 0) return true;
	const pending = (record: GreenletRecord, waitedMs: number) => request.reject(new KillPendingError(record.label, waitedMs));
	for (const record of alive) record.onKillPending.add((waitedMs) => pending(record, waitedMs));
	waitFor(hub, request, alive, alive.length, timeoutMs, (ended) => request.resolve(ended === alive.length));
	return LATER;
}

/** Calls `done` once: when `count` of the greenlets have ended, or the time is up. */
function waitFor(
	hub: Hub,
	request: HubRequest,
	targets: GreenletRecord[],
	count: number,
	timeoutMs: number,
	done: (ended: number) => void,
): void {
	let ended = 0;
	const timer = timeoutMs >= 0 ? hub.timer(timeoutMs, () => finish()) : undefined;
	const onEnd = () => {
		if (++ended === count) finish();
	};
	const stop = () => {
		timer?.cancel();
		for (const target of targets) target.endings.delete(onEnd);
	};
	const finish = () => {
		stop();
		done(ended);
	};
	request.onCancel = stop;
	for (const target of targets) target.endings.add(onEnd);
	const owner = request.owner as GreenletRecord;
	if (!timer && owner.request === (request as unknown))
		hub.waitsFor(
			owner,
			targets.map((target) => target.id),
			count,
		);
}

function status(hub: Hub, id: number): 'queued' | 'running' | 'value' | 'error' {
	const record = hub.greenlets.get(id);
	if (record) return record.state === 'running' ? 'running' : 'queued';
	return hub.results.get(id)?.ok === false ? 'error' : 'value';
}

function startTimeout(hub: Hub, record: GreenletRecord, timeout: number, ms: number): void {
	const fire = () => {
		record.timeouts.delete(timeout);
		hub.interrupt(record, { packet: packTag('Timeout', [timeout, ms]), timeout });
	};
	record.timeouts.set(timeout, hub.timer(ms, fire));
}

function cancelTimeout(record: GreenletRecord, timeout: number): void {
	record.timeouts.get(timeout)?.cancel();
	record.timeouts.delete(timeout);
	// It may have fired while the greenlet was running: then it waits for a parking point it must no longer find.
	const waiting = record.interrupts.findIndex((interrupt) => interrupt.timeout === timeout);
	if (waiting >= 0) record.interrupts.splice(waiting, 1);
}
