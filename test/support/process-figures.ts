import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

const HALT_MS = 30_000;

/** What a process holds. */
export interface ProcessFigures {
	/** Open descriptors. */
	readonly descriptors: number;
	readonly threads: number;
	/** Processes it has started that live, or that nobody has waited for. */
	readonly children: number;
}

/** The processes that a process has started and that live, or that it has not waited for; Linux only. */
export function childrenOf(pid: number): number[] {
	return readdirSync(`/proc/${pid}/task`).flatMap((task) =>
		(read(`/proc/${pid}/task/${task}/children`) ?? '').split(' ').filter(Boolean).map(Number),
	);
}

/** Counts what a process holds at this moment; Linux only. */
export function figuresOf(pid: number): ProcessFigures {
	return {
		descriptors: readdirSync(`/proc/${pid}/fd`).length,
		threads: readdirSync(`/proc/${pid}/task`).length,
		children: childrenOf(pid).length,
	};
}

/** The resident size of a process, in MB; Linux only. */
export function residentMb(pid: number): number {
	return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1_024;
}

/** Whether a process runs: one that has ended and was not waited for does not. Linux only. */
export function isRunning(pid: number): boolean {
	const status = read(`/proc/${pid}/status`);
	return status !== undefined && !/^State:\s+Z/m.test(status);
}

/** Stops a process with SIGSTOP; resolves when its main thread stands, so that it does nothing any more. Elsewhere than on Linux nobody can tell. */
export async function halt(pid: number): Promise<void> {
	process.kill(pid, 'SIGSTOP');
	if (process.platform !== 'linux') return;
	const deadline = performance.now() + HALT_MS;
	while (!/^State:\s+T/m.test(read(`/proc/${pid}/status`) ?? '')) {
		if (performance.now() > deadline) throw new Error(`Cannot halt process ${pid}: it has not stopped within ${HALT_MS} ms`);
		await delay(1);
	}
}

/** A file of a process or thread; undefined when that has ended. */
function read(path: string): string | undefined {
	try {
		return readFileSync(path, 'utf8');
	} catch (error) {
		if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
		throw error;
	}
}
