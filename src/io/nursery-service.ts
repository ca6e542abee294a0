/** The program of a nursery: a small process that starts children for a hub. Ends when its hub does. */
import type { ChildMessage } from './child-process-messages.js';
import { ChildRun, startChild } from './child-run.js';
import type { FromNursery, ToNursery } from './nursery-messages.js';

const running = new Map<number, ChildRun>();

function tell(message: FromNursery): void {
	running.delete(message.id);
	process.send?.(message);
}

function begin(id: number, message: ChildMessage): void {
	try {
		const run = startChild(message);
		if (run instanceof ChildRun) {
			running.set(id, run);
			run.onEnd((end) => tell({ id, end }));
		} else tell({ id, end: run });
	} catch (error) {
		const { name, message: text, code } = error as NodeJS.ErrnoException;
		tell({ id, refused: { name, message: text, code } });
	}
}

process.on('message', (message: ToNursery) => {
	if ('start' in message) begin(message.id, message.start);
	else running.get(message.id)?.[message.stop]();
});
process.on('disconnect', () => {
	for (const run of running.values()) run.dispose();
	process.exit();
});
const stay = (): undefined => undefined;
// A terminal's Ctrl-C goes to the whole group; the hub decides what it means.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const) process.on(signal, stay);
