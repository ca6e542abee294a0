import type { Packet } from '../engine/threads/codec.js';
import type { Ending } from './greenlet-record.js';
import type { HubRequest } from './service.js';

/** Answers with how something ended, packed as it came; false when the request was answered already. */
export function forwardEnding(request: HubRequest, { ok, packet }: Ending): boolean {
	const raw = request as unknown as { forward(outcome: 'value' | 'error', packet: Packet): boolean };
	return ok ? raw.forward('value', packet) : raw.forward('error', { ...packet, thrown: true });
}
