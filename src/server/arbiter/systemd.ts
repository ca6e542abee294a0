import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import type { Log } from '../log/log.js';

/** Sends one message to the service manager; returns what went wrong. */
type Send = (message: string) => string | undefined;

/** How long the `systemd-notify` command may take, in milliseconds. */
const COMMAND_MS = 2_000;

/**
 * Tells the service manager (`NOTIFY_SOCKET`) how the server is; without one every call does nothing. Sends through the optional package
 * `unix-dgram`, else through the command `systemd-notify`, else says once in the log that it cannot. Nothing here throws.
 */
export class SystemdNotifier {
	/** How often `watchdog` is to be called at least, in milliseconds: half of `WATCHDOG_USEC`; undefined without a watchdog. */
	readonly watchdogMs: number | undefined;
	readonly #log: Log;
	readonly #address: string | undefined;
	#send: Send | undefined;
	#timer: NodeJS.Timeout | undefined;
	#complained = false;

	/**
	 * @param log where a failure is reported, once
	 * @param env where `NOTIFY_SOCKET`, `WATCHDOG_USEC` and `WATCHDOG_PID` are read
	 * @param pid whose sign of life the service manager waits for; without `WATCHDOG_PID`: everybody's
	 */
	constructor(log: Log, env: NodeJS.ProcessEnv = process.env, pid: number = process.pid) {
		this.#log = log;
		this.#address = env.NOTIFY_SOCKET || undefined;
		const periodMs = Number(env.WATCHDOG_USEC) / 1_000;
		const ours = !env.WATCHDOG_PID || Number(env.WATCHDOG_PID) === pid;
		if (this.#address && ours && periodMs > 0) this.watchdogMs = periodMs / 2;
	}

	/** The first workers serve, or a reload is over. From now on signs of life are sent as often as asked for. */
	ready(): void {
		this.#notify('READY=1\nSTATUS=tsgunicorn arbiter booted');
		if (this.watchdogMs === undefined || this.#timer) return;
		this.watchdog();
		this.#timer = setInterval(() => this.watchdog(), this.watchdogMs).unref();
	}

	/** HUP has come; `ready` says when it is done. */
	reloading(): void {
		// The clock that Node reads is CLOCK_MONOTONIC, which is what `Type=notify-reload` compares with.
		this.#notify(`RELOADING=1\nMONOTONIC_USEC=${process.hrtime.bigint() / 1_000n}`);
	}

	/** The server is being stopped. */
	stopping(): void {
		this.#notify('STOPPING=1');
	}

	/** Another process is the service's main one from now on. Sent before this returns, so that it can be the last act of this one. */
	mainPid(pid: number): void {
		this.#notify(`MAINPID=${pid}`);
	}

	/** A sign of life; `ready` sees to it that it is given often enough while the arbiter's event loop runs. */
	watchdog(): void {
		if (this.watchdogMs !== undefined) this.#notify('WATCHDOG=1');
	}

	#notify(message: string): void {
		if (this.#address === undefined) return;
		this.#send ??= makeSend(this.#address);
		const failure = this.#send(message);
		if (failure === undefined || this.#complained) return;
		this.#complained = true;
		this.#log.warning(`Cannot notify systemd (${this.#address}): ${failure}`);
	}
}

function makeSend(address: string): Send {
	// An abstract address has a name that begins with a zero byte, at which the package stops reading.
	if (address.startsWith('/')) {
		try {
			return sendWithPackage(createRequire(import.meta.url)('unix-dgram'), address);
		} catch {
			// Not installed, or built for another Node: the command may be there.
		}
	}
	return sendWithCommand(address);
}

/** What is used of the package `unix-dgram`. */
interface UnixDgram {
	createSocket(type: 'unix_dgram'): {
		/** Calls back before it returns. */
		send(data: Buffer, offset: number, length: number, path: string, callback: (error?: Error) => void): void;
		close(): void;
	};
}

function sendWithPackage(dgram: UnixDgram, address: string): Send {
	return (message) => {
		let failure: string | undefined;
		try {
			const socket = dgram.createSocket('unix_dgram');
			const data = Buffer.from(message);
			socket.send(data, 0, data.length, address, (error) => {
				failure = error?.message;
			});
			socket.close();
		} catch (error) {
			failure = (error as Error).message;
		}
		return failure;
	};
}

function sendWithCommand(address: string): Send {
	return (message) => {
		const { status, stderr, error } = spawnSync('systemd-notify', message.split('\n'), {
			env: { ...process.env, NOTIFY_SOCKET: address },
			stdio: ['ignore', 'ignore', 'pipe'],
			encoding: 'utf8',
			timeout: COMMAND_MS,
		});
		if ((error as NodeJS.ErrnoException | undefined)?.code === 'ENOENT')
			return 'neither the package unix-dgram nor the command systemd-notify is installed and fit for this address';
		return status === 0 ? undefined : `systemd-notify failed: ${error?.message ?? stderr.trim()}`;
	};
}
