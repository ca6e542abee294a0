import { ReadLimitError } from '../errors.js';
import type { ByteQueue } from './byte-queue.js';
import { NONE } from './net-messages.js';

/**
 * What a reader wants of the bytes that have arrived: takes them and answers, `null` at a clean end, `undefined`
 * when it has to wait for more. Throws what the reader is to be told; then it has taken nothing.
 */
export type Demand = (queue: ByteQueue, ended: boolean) => Buffer | null | undefined;

/** Most that one `read()` without a number returns. */
const READ_MAX = 64 * 1024;

/** Whatever is there, at most `max` bytes. */
export function some(max: number): Demand {
	const most = max === NONE ? READ_MAX : max;
	return (queue, ended) => (queue.length > 0 ? queue.take(most) : ended ? null : undefined);
}

/** `count` bytes, or the fewer that came before the end. */
export function exactly(count: number): Demand {
	return (queue, ended) => (queue.length >= count ? queue.take(count) : ended ? rest(queue) : undefined);
}

/** Up to and including `separator`, or what came before the end; `what` names it in the message. */
export function until(separator: Buffer, maxLength: number, what: string): Demand {
	let searched = 0;
	return (queue, ended) => {
		const at = queue.indexOf(separator, searched);
		const found = at >= 0 ? at + separator.length : queue.length;
		if (maxLength !== NONE && found > maxLength) throw new ReadLimitError(`Cannot read ${what}: none within ${maxLength} bytes`);
		if (at >= 0) return queue.take(found);
		searched = Math.max(0, queue.length - separator.length + 1);
		return ended ? rest(queue) : undefined;
	};
}

/** Everything to the end. */
export function all(maxLength: number): Demand {
	return (queue, ended) => {
		if (maxLength !== NONE && queue.length > maxLength) throw new ReadLimitError(`Cannot read all: more than ${maxLength} bytes came`);
		return ended ? queue.take(queue.length) : undefined;
	};
}

function rest(queue: ByteQueue): Buffer | null {
	return queue.length > 0 ? queue.take(queue.length) : null;
}
