import { type ChildProcess, spawn } from 'node:child_process';
import type { Log } from '../log/log.js';
import type { Setup } from './arbiter-options.js';
import { BINDS_VARIABLE } from './inherited-sockets.js';
import type { Listener } from './listeners.js';
import type { PidFile } from './pid-file.js';
import { setProcessTitle } from './process-title.js';
import type { StartContext } from './start-context.js';
import type { SystemdNotifier } from './systemd.js';

/** The first descriptor of the new master's that is a listener: libuv makes 0 to 2 blocking in a child. */
const FIRST_FD = 3;

/** How often a second master looks whether the first one has left, in milliseconds. */
const PROMOTION_MS = 250;

/** What an upgrade works with. */
export interface UpgradeOptions {
	readonly start: StartContext;
	readonly log: Log;
	readonly pidFile: PidFile;
	readonly notifier: SystemdNotifier;
}

/**
 * Two masters at once, sharing their sockets, so that a new version of everything can take over without a connection being lost. USR2
 * starts the second master with the listeners, the environment and the directory that this one was started with. The second
 * becomes the only one when the first leaves; when it leaves instead, nothing has happened. Either of them knows here whether
 * the other lives.
 */
export class Upgrade {
	readonly #options: UpgradeOptions;
	#masterPid: number | undefined;
	#name = '';
	#child: ChildProcess | undefined;
	#starting = false;
	#finished = false;
	#poll: NodeJS.Timeout | undefined;

	constructor(options: UpgradeOptions) {
		this.#options = options;
		this.#masterPid = options.start.masterPid;
		if (this.#masterPid !== undefined) this.#poll = setInterval(() => this.check(), PROMOTION_MS).unref();
	}

	/** Whether another master shares the sockets with this one, so that their paths must stay. */
	get otherLives(): boolean {
		return this.#child !== undefined || (this.#masterPid !== undefined && process.ppid === this.#masterPid);
	}

	/**
	 * Names this process in `ps`, by its role among the two.
	 * @param name what is shown after the role
	 */
	entitle(name: string): void {
		this.#name = name;
		setProcessTitle(this.#masterPid === undefined ? 'master' : 'Master.2', name);
	}

	/**
	 * USR2: starts a second master, after the hook `pre_exec`. Says in the log why when it does not.
	 * @param current what is in force, asked again after the hook: a HUP may have come meanwhile and have closed sockets
	 */
	async start(current: () => Setup): Promise<void> {
		const log = this.#options.log;
		if (process.pid === 1)
			log.error('Cannot upgrade as PID 1: when this process ends, the container ends, and the new master with it; start a new container');
		else if (this.#child || this.#starting) log.warning('USR2 signal ignored. Child exists.');
		else if (this.#masterPid !== undefined) log.warning('USR2 signal ignored. Parent exists.');
		else {
			if (current().configuration.hooks.has('pre_exec')) await this.#runHook(current());
			// Nothing can come between this and the start of the process; and whoever closes sockets for a HUP puts the new ones in force in the
			// same turn of the loop. Closed ones mean that a stop has come.
			const { listeners } = current();
			if (this.#finished || listeners.some(({ handle }) => handle.fd < 0)) log.warning('No new master is started: this one stops');
			else this.#spawn(listeners);
		}
	}

	/** In a second master: takes the place of the first when that has left. */
	check(): void {
		if (this.#masterPid === undefined || process.ppid === this.#masterPid) return;
		const { log, pidFile, notifier } = this.#options;
		clearInterval(this.#poll);
		const left = this.#masterPid;
		this.#masterPid = undefined;
		log.info('Master has been promoted.');
		this.entitle(this.#name);
		try {
			pidFile.promote(left);
		} catch (error) {
			log.error((error as Error).message);
		}
		// The first one has told so, unless it was killed.
		notifier.mainPid(process.pid);
		notifier.ready();
	}

	/** The last act of a master that leaves: the service manager is told who is the main process from now on. */
	finish(): void {
		this.#finished = true;
		if (this.#child?.pid !== undefined) this.#options.notifier.mainPid(this.#child.pid);
	}

	async #runHook({ configuration: { config, hooks }, listeners }: Setup): Promise<void> {
		this.#starting = true;
		const address = listeners.map((listener) => listener.address);
		await hooks.run('pre_exec', { pid: process.pid, address, num_workers: config.workers, cfg: config });
		this.#starting = false;
	}

	#spawn(listeners: readonly Listener[]): void {
		const { execPath, execArgv, args, cwd, env } = this.#options.start;
		const log = this.#options.log;
		const child = spawn(execPath, [...execArgv, ...args], {
			cwd,
			env: { ...without(env, SERVICE_VARIABLES), ...handover(listeners) },
			stdio: ['ignore', 'inherit', 'inherit', ...listeners.map(({ handle }) => handle.fd)],
		});
		this.#child = child;
		const gone = (how: string, failed: boolean) => {
			if (this.#child !== child) return;
			this.#child = undefined;
			const text = `New master (pid:${child.pid ?? 'none'}) ${how}; this one (pid:${process.pid}) stays the master`;
			if (failed) this.#options.log.error(text);
			else this.#options.log.info(text);
		};
		child.once('error', (error) => gone(`could not be started: ${error.message}`, true));
		child.once('exit', (status, signal) => gone(signal ? `was ended by ${signal}` : `exited with code ${status}`, status !== 0));
		if (child.pid !== undefined) log.info(`New master started (pid:${child.pid})`);
	}
}

/** What the service manager said to the first master alone: sockets go by GUNICORN_FD, and the new one is to give signs of life, too. */
const SERVICE_VARIABLES = ['LISTEN_PID', 'LISTEN_FDS', 'LISTEN_FDNAMES', 'WATCHDOG_PID'];

function handover(listeners: readonly Listener[]): NodeJS.ProcessEnv {
	return {
		GUNICORN_PID: String(process.pid),
		GUNICORN_FD: listeners.map((_, index) => FIRST_FD + index).join(','),
		[BINDS_VARIABLE]: JSON.stringify(listeners.map(({ bind }) => bind ?? null)),
	};
}

function without(env: Readonly<NodeJS.ProcessEnv>, names: readonly string[]): NodeJS.ProcessEnv {
	return Object.fromEntries(Object.entries(env).filter(([name]) => !names.includes(name)));
}
