import { operation } from '../engine/operation.js';
import type { Packet } from '../engine/threads/codec.js';

/** What a thread of a pool is to run: a task, found by the URL of its module and its name, and its packed arguments. */
export interface PoolWork {
	readonly url: string;
	readonly task: string;
	readonly args: Packet;
}

export const POOL_OPEN = operation<[maxsize: number, heapLimitMb: number], number>(240, 'ThreadPool');
/** Answers with the value of the work. */
export const POOL_APPLY = operation<[pool: number, work: PoolWork], unknown>(241, 'ThreadPool.apply');
/** Answers with the handle of the result when a thread has taken the work. */
export const POOL_SPAWN = operation<[pool: number, work: PoolWork], number>(242, 'ThreadPool.spawn');
export const POOL_JOIN = operation<[pool: number, timeoutMs: number], boolean>(243, 'ThreadPool.join');
export const POOL_KILL = operation<[pool: number], boolean>(244, 'ThreadPool.kill');
export const POOL_SIZE = operation<[pool: number], number>(245, 'ThreadPool.size');
export const RESULT_GET = operation<[result: number, timeoutMs: number], unknown>(246, 'ThreadResult.get');
export const RESULT_JOIN = operation<[result: number, timeoutMs: number], boolean>(247, 'ThreadResult.join');
export const RESULT_STATUS = operation<[result: number], 'running' | 'value' | 'error'>(248, 'ThreadResult.ready');
/** Ends the work if it has not ended, and forgets the result. */
export const RESULT_CANCEL = operation<[result: number], void>(249, 'ThreadResult.cancel');
