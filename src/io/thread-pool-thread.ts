import { refuseEngine } from '../engine/engine.js';
import { type Packet, pack, packError, unpackArguments } from '../engine/threads/codec.js';
import { importTask } from '../greenlet/import-task.js';
import { findTask } from '../greenlet/task.js';
import type { PoolWork } from './thread-pool-messages.js';

// No greenlet runs here, so that nothing can park: what a thread of a ThreadPool does, it does by itself.
refuseEngine('foreign');

/** Runs in a thread of the pool; never rejects, since what it throws would be cloned without its class. */
export async function runWork({ url, task, args }: PoolWork): Promise<{ ok: boolean; packet: Packet }> {
	try {
		for (const module of args.modules ?? []) await import(module);
		const fn = findTask(url, task) ?? (await importTask(url, task, (module) => import(module)));
		return { ok: true, packet: ownBytes(pack(await fn(...unpackArguments(args)), 'result')) };
	} catch (error) {
		return { ok: false, packet: packError(error) };
	}
}

/** A view would be cloned with all of the memory below it. */
function ownBytes(packet: Packet): Packet {
	const { bytes } = packet;
	return bytes && bytes.byteLength !== bytes.buffer.byteLength ? { ...packet, bytes: Uint8Array.prototype.slice.call(bytes) } : packet;
}
