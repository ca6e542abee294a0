import { ClosedError, TimedOutError } from '../errors.js';
import { forwardEnding } from '../hub/forward.js';
import { type HubRequest, LATER, type ServiceHost } from '../hub/service.js';
import { NativePool } from './native-pool.js';
import { PoolJob } from './pool-job.js';
import * as messages from './thread-pool-messages.js';

/** Threads for work that does not park, on behalf of greenlets. */
export function threadPoolService(host: ServiceHost): void {
	const pools = new Set<NativePool>();
	host.atShutdown.add(async () => (await Promise.all([...pools].map((pool) => pool.kill()))).every(Boolean));
	host.handle(messages.POOL_OPEN, (request, maxsize, heapLimitMb) => {
		// Known until its threads have ended: one that cannot end must not keep the process from doing so.
		const pool: NativePool = new NativePool(maxsize, heapLimitMb, () => pools.delete(pool));
		pools.add(pool);
		return host.own(request.owner, pool);
	});
	host.handle(messages.POOL_APPLY, (request, pool, work) => {
		const job = new PoolJob(work);
		const threads = poolOf(host, pool);
		job.onEnd((ending) => forwardEnding(request, ending));
		request.onCancel = () => threads.cancel(job);
		threads.add(job);
		return LATER;
	});
	host.handle(messages.POOL_SPAWN, (request, pool, work) => {
		const job = new PoolJob(work);
		const threads = poolOf(host, pool);
		const taken = job.onEnd((ending) => forwardEnding(request, ending));
		request.onCancel = () => threads.cancel(job);
		job.onStart = () => {
			taken();
			const handle = host.own(request.owner, job);
			jobs.set(job, threads);
			if (!request.resolve(handle)) host.release(handle);
		};
		threads.add(job);
		return LATER;
	});
	host.handle(messages.POOL_JOIN, (request, pool, timeoutMs) => {
		const threads = poolOf(host, pool);
		within(
			host,
			request,
			timeoutMs,
			(done) => threads.onIdle(() => done(() => request.resolve(true))),
			() => request.resolve(false),
		);
		return LATER;
	});
	host.handle(messages.POOL_KILL, (_request, pool) => {
		const threads = poolOf(host, pool);
		host.release(pool);
		return threads.kill();
	});
	host.handle(messages.POOL_SIZE, (_request, pool) => poolOf(host, pool).size);
	results(host);
}

/** Where the work behind a result runs. */
const jobs = new WeakMap<PoolJob, NativePool>();

function results(host: ServiceHost): void {
	host.handle(messages.RESULT_GET, (request, result, timeoutMs) => {
		const job = jobOf(host, result);
		within(
			host,
			request,
			timeoutMs,
			(done) => job.onEnd((ending) => done(() => forwardEnding(request, ending))),
			() => request.reject(new TimedOutError(`${job.work.task} in a thread`, timeoutMs)),
		);
		return LATER;
	});
	host.handle(messages.RESULT_JOIN, (request, result, timeoutMs) => {
		const job = jobOf(host, result);
		within(
			host,
			request,
			timeoutMs,
			(done) => job.onEnd(() => done(() => request.resolve(true))),
			() => request.resolve(false),
		);
		return LATER;
	});
	host.handle(messages.RESULT_STATUS, (_request, result) => {
		const { ending } = jobOf(host, result);
		if (!ending) return 'running';
		return ending.ok ? 'value' : 'error';
	});
	host.handle(messages.RESULT_CANCEL, (_request, result) => {
		const job = host.resource(result);
		host.release(result);
		if (job instanceof PoolJob) jobs.get(job)?.cancel(job);
	});
}

/** Waits for what `listen` tells, or for the time to be up, or until nobody waits any more; `listen` may tell at once. */
function within(
	host: ServiceHost,
	request: HubRequest,
	timeoutMs: number,
	listen: (done: (answer: () => void) => void) => () => void,
	late: () => void,
): void {
	const timer = timeoutMs >= 0 ? host.timer(timeoutMs, () => finish(late)) : undefined;
	const stop = () => {
		timer?.cancel();
		unlisten?.();
	};
	const finish = (answer: () => void) => {
		stop();
		answer();
	};
	let unlisten: (() => void) | undefined;
	unlisten = listen(finish);
	request.onCancel = stop;
}

function poolOf(host: ServiceHost, handle: number): NativePool {
	const pool = host.resource(handle);
	if (pool instanceof NativePool) return pool;
	throw new ClosedError('Cannot use this thread pool: it has been killed, or closed with its last holder');
}

function jobOf(host: ServiceHost, handle: number): PoolJob {
	const job = host.resource(handle);
	if (job instanceof PoolJob) return job;
	throw new ClosedError('Cannot use this result of a thread pool: it has been cancelled, or the greenlet that spawned it has ended');
}
