import { setTimeout as delay } from 'node:timers/promises';

const DEADLINE_MS = 30_000;

/** Waits until `check` has something to return, with a deadline that names what was waited for. */
export async function eventually<T>(what: string, check: () => T | Promise<T>): Promise<NonNullable<T>> {
	for (const start = performance.now(); performance.now() - start < DEADLINE_MS; await delay(10)) {
		const found = await check();
		if (found) return found;
	}
	throw new Error(`Waited in vain: ${what}`);
}

/** Whether a process lives. */
export function lives(pid: number): boolean {
	try {
		process.kill(pid, 0);
		return true;
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
		throw error;
	}
}

/** A process that nobody waits for, such as a second master or a daemon; ended by TERM, and waited for, at the end of its test. */
export class Background implements AsyncDisposable {
	readonly pid: number;

	constructor(pid: number) {
		this.pid = pid;
	}

	kill(signal: NodeJS.Signals): void {
		process.kill(this.pid, signal);
	}

	/** Waits for its end. */
	async ended(): Promise<void> {
		await eventually(`the end of process ${this.pid}`, () => !lives(this.pid));
	}

	async [Symbol.asyncDispose](): Promise<void> {
		if (lives(this.pid)) this.kill('SIGTERM');
		await this.ended();
	}
}
