import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/** A process that should have ended. */
export interface LeftOver {
	readonly pid: number;
	readonly command: string;
}

/**
 * The processes that still carry `name=value` in their environment. Descendants inherit the mark and keep it when
 * their parent ends first, which a walk along parent ids would miss. Linux only; elsewhere nothing is found.
 * @param graceMs milliseconds that they get to end by themselves
 */
export async function leftOvers(name: string, value: string, graceMs: number): Promise<LeftOver[]> {
	const pauseMs = 50;
	let found = marked(`${name}=${value}`);
	for (let waitedMs = 0; found.length > 0 && waitedMs < graceMs; waitedMs += pauseMs) {
		await delay(pauseMs);
		found = marked(`${name}=${value}`);
	}
	return found;
}

function marked(mark: string): LeftOver[] {
	if (process.platform !== 'linux') return [];
	return readdirSync('/proc')
		.filter((entry) => /^\d+$/.test(entry) && Number(entry) !== process.pid)
		.filter((pid) => proc(pid, 'environ').split('\0').includes(mark))
		.map((pid) => ({ pid: Number(pid), command: proc(pid, 'cmdline').replaceAll('\0', ' ').trim() }));
}

function proc(pid: string, name: string): string {
	try {
		return readFileSync(`/proc/${pid}/${name}`, 'latin1');
	} catch {
		// Ended in between, or another user's: not ours in either case.
		return '';
	}
}
