import { writeSync } from 'node:fs';

/**
 * Ends the process although a thread cannot be ended: Node waits for every thread at exit, and one inside a native call that never
 * returns would keep it for ever.
 */
export function endHard(): void {
	writeSync(2, 'A thread is inside a native synchronous call that nothing can end, so the process ends itself with SIGKILL\n');
	process.kill(process.pid, 'SIGKILL');
}
