import type { GreenletRecord } from '../hub/greenlet-record.js';
import type { Hub } from '../hub/hub.js';
import { LATER } from '../hub/service.js';
import { endHard } from './end-hard.js';
import * as runner from './runner-messages.js';

/** Does for the main greenlet what only the main thread can do. `main` is the greenlet that gets the news. */
export function runnerService(hub: Hub, main: () => GreenletRecord | undefined): void {
	hub.handle(runner.EXIT, (_request, code, clean) => {
		if (clean === 0) endHard();
		process.exit(code);
	});
	hub.handle(runner.ALONE, (request) => {
		if (hub.live === 0) request.resolve(undefined);
		else {
			const stop = hub.onLive(() => {
				stop();
				request.resolve(undefined);
			});
		}
		return LATER;
	});
	hub.handle(runner.CHDIR, (_request, directory) => process.chdir(directory));
	hub.handle(runner.UMASK, (_request, mask) => (mask < 0 ? process.umask() : process.umask(mask)));
	standardInput(hub);
	const tell = (news: runner.RunnerNews): void => {
		const record = main();
		record?.thread?.port.postMessage(news);
		if (record) hub.nudge(record);
	};
	signals(hub, tell);
	if (process.send) ipc(hub, tell);
}

function standardInput(hub: Hub): void {
	let pieces: NodeJS.AsyncIterator<Buffer | string> | undefined;
	hub.handle(runner.STDIN_READ, async () => {
		pieces ??= process.stdin[Symbol.asyncIterator]();
		const { value, done } = await pieces.next();
		return done ? null : Buffer.from(value);
	});
}

function signals(hub: Hub, tell: (news: runner.RunnerNews) => void): void {
	const watched = new Map<string, () => void>();
	hub.handle(runner.SIGNAL_WATCH, (_request, signal, watch) => {
		const before = watched.get(signal);
		if (watch === (before !== undefined)) return;
		if (before) {
			watched.delete(signal);
			process.off(signal, before);
			return;
		}
		const told = () => tell({ signal: signal as NodeJS.Signals });
		watched.set(signal, told);
		process.on(signal as NodeJS.Signals, told);
	});
}

function ipc(hub: Hub, tell: (news: runner.RunnerNews) => void): void {
	hub.handle(runner.IPC_SEND, (_request, message) => void process.send?.(message));
	hub.handle(runner.IPC_DISCONNECT, () => process.disconnect());
	process.on('message', (message) => tell({ ipc: message }));
	process.on('disconnect', () => tell({ disconnected: true }));
}
