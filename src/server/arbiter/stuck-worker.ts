import type { Log } from '../log/log.js';
import type { WorkerFigures } from '../worker/worker-contract.js';
import type { WorkerHandle } from './worker-handle.js';

const MB = 1024 * 1024;

/** Ends a worker that gave no sign of life: its stacks go to the log before it is aborted. */
export async function endStuckWorker(worker: WorkerHandle, log: Log): Promise<void> {
	const { boot_timeout } = worker.setup.configuration.config;
	worker.condemn();
	log.critical(`WORKER TIMEOUT (pid:${worker.pid})${worker.ready ? '' : `: it did not get ready within boot_timeout (${boot_timeout} s)`}`);
	await logStacks(worker, log, 'WORKER TIMEOUT');
	worker.signal('SIGABRT');
}

/** Logs where the hub and every greenlet of a worker stand. */
export async function logStacks(worker: WorkerHandle, log: Log, reason: string): Promise<void> {
	log.warning(`Worker (pid:${worker.pid}): ${await worker.requestStacks(reason)}`);
}

/** Kills a worker whose resident size is above `max_memory_hard`; returns whether it was. */
export function killOverMemory(worker: WorkerHandle, { rss }: WorkerFigures, log: Log): boolean {
	const { max_memory_hard } = worker.setup.configuration.config;
	if (max_memory_hard === 0 || rss <= max_memory_hard * MB || worker.told === 'SIGKILL') return false;
	log.error(
		`Worker (pid:${worker.pid}) uses ${Math.round(rss / MB)} MB, more than max_memory_hard (${max_memory_hard} MB) allows, and is killed`,
	);
	worker.kill();
	return true;
}

/** Says who is left behind by an arbiter that exits: those that not even SIGKILL has ended. */
export function logUnkillable(left: readonly WorkerHandle[], log: Log): void {
	for (const { pid } of left)
		log.error(
			`Worker (pid:${pid ?? 'none'}) was killed and has not ended; it waits in the kernel, most likely for a disk or a network drive`,
		);
}
