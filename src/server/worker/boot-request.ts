import { closeSync, openSync } from 'node:fs';
import { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { HaltServer } from '../../errors.js';
import { reserveStdin } from '../../io/reserved-stdin.js';
import type { ServerHandle } from '../arbiter/server-handle.js';
import { tell } from './arbiter-line.js';
import { type Boot, type ToWorker, WORKER_BOOT_ERROR } from './worker-protocol.js';

/** How often the first listener may arrive elsewhere than on descriptor 0. */
const MOST_ARRIVALS = 100;

/**
 * Says that the handlers are installed, and waits for what to serve. Descriptor 0 is vacated for the first listener, which takes the
 * lowest number that is free when it arrives. Another thread of this process (the C library asking for the number of processors,
 * say) may have a file open for a moment just then: the listener is then given back and asked for again.
 */
export async function requestBoot(): Promise<Boot> {
	closeSync(0);
	for (let arrivals = 1; ; arrivals++) {
		const { boot, fd } = await receiveBoot();
		// Every listener is one of the worker's own: nothing has come.
		if (fd === undefined) openSync('/dev/null', 'r');
		if (fd === undefined || fd === 0) {
			// Whoever read from the standard input would read from the listening socket.
			reserveStdin();
			Object.defineProperty(process, 'stdin', { value: Readable.from([]), configurable: true, enumerable: true });
			return boot;
		}
		if (arrivals === MOST_ARRIVALS)
			throw new HaltServer(`Cannot boot: the listener arrived as descriptor ${fd}, because something else has opened 0`, WORKER_BOOT_ERROR);
		await nextTurn();
	}
}

function receiveBoot(): Promise<{ boot: Boot; fd: number | undefined }> {
	const received = new Promise<{ boot: Boot; fd: number | undefined }>((resolve) => {
		const receive = (message: ToWorker, handle: unknown) => {
			if (message.type !== 'boot') return;
			process.off('message', receive);
			const first = handle as ServerHandle | undefined;
			const fd = first?.fd;
			// libuv leaves descriptor 0 open when the handle that brought it is closed.
			first?.close();
			resolve({ boot: message, fd });
		};
		process.on('message', receive);
	});
	tell({ type: 'handlers' });
	return received;
}
