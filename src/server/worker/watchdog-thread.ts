import { write } from 'node:fs';
import { Socket } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';
import type { GreenletView } from '../../hub/greenlet-view.js';
import { childProcesses } from './child-processes.js';
import { type Answers, collectStacks } from './stack-collector.js';
import { type ProcessLook, renderStacks } from './stack-report.js';
import type { FromWatchdog, ToWatchdog, WatchdogData } from './watchdog-messages.js';
import { encodeMessage, MessageReader, type StacksRequest } from './watchdog-protocol.js';

/** How long a worker whose arbiter has died may take to leave, in milliseconds; measured from the end of the line. */
const LEAVE_MS = 1_300;
/** How long it may take to say that it did not leave. */
const LAST_WORDS_MS = 400;

/** What the hub told last. */
let greenlets: readonly GreenletView[] = [];
let toldAt = performance.now();
let looking: Promise<ProcessLook> | undefined;

const { fd } = workerData as WatchdogData;
const line = fd === undefined ? undefined : openLine(fd);

parentPort?.on('message', async (message: ToWatchdog) => {
	if ('greenlets' in message) {
		greenlets = message.greenlets;
		toldAt = performance.now();
		return;
	}
	await tell(0, await report(message.reason));
	const written: FromWatchdog = { written: true };
	parentPort?.postMessage(written);
});

function openLine(descriptor: number): Socket {
	const socket = new Socket({ fd: descriptor, readable: true, writable: true });
	const reader = new MessageReader<StacksRequest>(({ id, reason }) => {
		void report(reason).then((text) => tell(id, text));
	});
	socket.setEncoding('utf8').on('data', (piece: string) => reader.push(piece));
	// However the line ends, `close` follows.
	socket.on('error', () => socket.destroy());
	socket.on('close', () => setTimeout(endProcess, LEAVE_MS));
	return socket;
}

async function report(reason: string): Promise<string> {
	// Whoever asks while somebody is being answered gets the same answer.
	looking ??= look().finally(() => {
		looking = undefined;
	});
	return renderStacks(`Stacks of worker ${process.pid} (${reason}):`, await looking);
}

async function look(): Promise<ProcessLook> {
	const answers: Answers | Error = await collectStacks().catch((error: unknown) =>
		error instanceof Error ? error : new Error(String(error)),
	);
	const known = { greenlets, ageMs: performance.now() - toldAt };
	if (answers instanceof Error) return { failure: answers.message, threads: [], complete: true, children: [], ...known };
	const { hub, threads, complete } = answers;
	const children = complete ? [] : childProcesses();
	const others = { threads, complete, children };
	return hub ? { hub: hub.frames, greenlets: hub.greenlets, ageMs: 0, ...others } : { ...known, ...others };
}

/** To the arbiter, or to the error output when there is none. */
function tell(id: number, text: string): Promise<void> {
	return new Promise((resolve) => {
		if (line?.writable) line.write(encodeMessage({ id, text }), () => resolve());
		else write(2, `${text}\n`, () => resolve());
	});
}

/** Not `process.exit`, which waits for threads that are inside native calls, and would be this thread's own end only. */
function endProcess(): void {
	const kill = (): void => {
		process.kill(process.pid, 'SIGKILL');
	};
	write(2, `Worker ${process.pid} has not left within ${LEAVE_MS} ms of its arbiter's end, so its watchdog kills it\n`, kill);
	setTimeout(kill, LAST_WORDS_MS);
}
