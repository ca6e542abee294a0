import { readFileSync, readlinkSync } from 'node:fs';

/** The kernel's number of the calling thread; Linux only. */
export function threadNumber(): number {
	return Number(readlinkSync('/proc/thread-self').split('/').at(-1));
}

/**
 * Whether the thread with this number waits in a system call; Linux only. A thread that says its number and then makes a call that
 * never returns has got there when this holds.
 * @param number of a thread of this process; 0 stands for one that has not said its number yet
 */
export function asleep(number: number | undefined): boolean {
	return !!number && /\) S /.test(readFileSync(`/proc/self/task/${number}/stat`, 'utf8'));
}
