import { type StdioOptions, spawn } from 'node:child_process';
import { parseBind } from '../config/bind-address.js';
import type { Log } from '../log/log.js';
import { logTo } from '../log/log-to.js';
import type { SignalQueue } from '../signals.js';
import { DAEMON_VARIABLE, type StartContext } from './start-context.js';

/** What the process in the background tells the one that waits for it. */
type FromDaemon = { readonly type: 'ready' } | { readonly type: 'said'; readonly text: string };

/** The status for a process that a signal has ended. */
const SIGNALLED = 1;

/** What `daemonize` needs to know of the settings. */
export interface DaemonSettings {
	/** Whether the process in the background keeps the standard streams; else it has `/dev/null` for them. */
	readonly enable_stdio_inheritance: boolean;
	/** Addresses; those of the form `fd://N` are handed on. */
	readonly bind: readonly string[];
}

/**
 * Starts this program again in the background, in a session of its own, and waits until it is ready or has failed. Signals that come
 * meanwhile are passed on.
 * @param start as which it is started
 * @returns with which status to exit: 0 once it serves; otherwise its own, after what it had to say has been printed
 */
export function daemonize(start: StartContext, settings: DaemonSettings, signals: SignalQueue): Promise<number> {
	const child = spawn(start.execPath, [...start.execArgv, ...start.args], {
		cwd: start.cwd,
		env: { ...start.env, [DAEMON_VARIABLE]: '1' },
		stdio: daemonStdio(settings),
		detached: true,
	});
	signals.attach(() => {
		for (const name of signals.take()) child.kill(name);
	});
	const said: string[] = [];
	return new Promise((resolve) => {
		const failed = (status: number) => {
			process.stderr.write(said.join(''));
			resolve(status);
		};
		let ready = false;
		child.on('message', (message: FromDaemon) => {
			if (message.type === 'said') said.push(message.text);
			else ready = true;
		});
		child.once('error', (error) => {
			said.push(`tsgunicorn: Cannot go to the background: ${error.message}\n`);
			failed(SIGNALLED);
		});
		const ended = new Promise<number>((resolveEnded) => child.once('exit', (status) => resolveEnded(status ?? SIGNALLED)));
		// Whatever it said has arrived by then.
		child.once('disconnect', () => {
			if (ready) resolve(0);
			else void ended.then(failed);
		});
	});
}

function daemonStdio({ enable_stdio_inheritance, bind }: DaemonSettings): StdioOptions {
	const output = enable_stdio_inheritance ? 'inherit' : 'ignore';
	const sockets = bind.map(parseBind).flatMap((address) => (address.kind === 'fd' ? [address.fd] : []));
	const stdio: (number | 'inherit' | 'ignore' | 'ipc')[] = ['ignore', output, output];
	for (let fd = 3; fd <= Math.max(...sockets); fd++) stdio[fd] = sockets.includes(fd) ? fd : 'ignore';
	return [...stdio, 'ipc'];
}

/** In the process in the background: the way to the one that waits for it. Does nothing once that has been told or has left. */
export class Launcher {
	#waiting: boolean;

	/** @param daemonized whether this is a process in the background at all */
	constructor(daemonized: boolean) {
		this.#waiting = daemonized && process.connected;
		// As gunicorn sets it, whatever it was in the shell.
		if (daemonized) process.umask(0o22);
		process.once('disconnect', () => {
			this.#waiting = false;
		});
	}

	/** A log that also tells of warnings and errors, so that they can be printed when the start fails. */
	tee(log: Log): Log {
		return logTo((level, text, cause) => {
			log[level](text, cause);
			if (level !== 'debug' && level !== 'info') this.say(`[${level.toUpperCase()}] ${text}\n${describeCause(cause)}`);
		});
	}

	/** Has `text` printed if the start fails. */
	say(text: string): void {
		this.#send({ type: 'said', text });
	}

	/** The server serves: the command that started it ends. */
	ready(): void {
		this.#send({ type: 'ready' }, () => {
			if (process.connected) process.disconnect();
		});
		this.#waiting = false;
	}

	#send(message: FromDaemon, sent: () => void = () => undefined): void {
		// Who cannot be told has left, and nothing is to be done about it.
		if (this.#waiting) process.send?.(message, undefined, undefined, sent);
	}
}

function describeCause(cause: unknown): string {
	return cause === undefined ? '' : `${cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)}\n`;
}
