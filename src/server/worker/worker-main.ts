import { GreenError } from '../../errors.js';
import { processName, setProcessTitle } from '../arbiter/process-title.js';
import { loadWorkerHooks } from '../config/worker-hooks.js';
import { exitWouldAbort } from '../http/listening-socket.js';
import { ErrorLog } from '../log/error-log.js';
import type { Log, Logs } from '../log/log.js';
import { openLogs } from '../log/open-logs.js';
import type { SignalQueue } from '../signals.js';
import { ArbiterLine, tell } from './arbiter-line.js';
import { requestBoot } from './boot-request.js';
import { dropPrivileges } from './privileges.js';
import { startWatchdog, type Watchdog } from './watchdog.js';
import { loadWorkerClass } from './worker-class.js';
import type { WorkerHooks, WorkerInstance } from './worker-contract.js';
import { APP_LOAD_ERROR, type Boot, type ServerView, WATCHDOG_FD, WORKER_BOOT_ERROR } from './worker-protocol.js';

/** How long a worker that was told to leave at once may take over it, in milliseconds. */
const QUICK_EXIT_MS = 100;

/** How long a worker without an arbiter may finish what it is at, in milliseconds; its watchdog ends it somewhat later. */
const ORPHAN_MS = 700;

/** How often a worker gives a sign of life, in milliseconds, unless `timeout` asks for more. */
const BEAT_MS = 1_000;

/** How long the logs may take to write what is left, in milliseconds. */
const LAST_LINES_MS = 500;

/** The status with which Node itself ends after an error that nobody caught. */
const CRASHED = 1;

/** The worker of this process, from its boot to its exit. */
export class WorkerMain {
	readonly #signals: SignalQueue;
	readonly #line = new ArbiterLine();
	#log: Log = new ErrorLog();
	#logs: Logs | undefined;
	#server: ServerView | undefined;
	#hooks: WorkerHooks | undefined;
	#watchdog: Watchdog | undefined;
	#stackSignal: string | undefined;
	#worker: WorkerInstance | undefined;
	#ready = false;
	/** The hook `worker_int`. */
	#interrupted: Promise<void> | undefined;
	#leaving: Promise<never> | undefined;

	/** @param signals with the handlers installed already */
	constructor(signals: SignalQueue) {
		this.#signals = signals;
	}

	/** Never returns. */
	async run(): Promise<never> {
		if (!process.connected) process.exit(0);
		process.once('disconnect', () => this.#handleOrphaned());
		this.#signals.attach(() => {
			for (const name of this.#signals.take()) this.#handleSignal(name);
		});
		let worker: WorkerInstance;
		try {
			worker = await this.#boot(await requestBoot());
		} catch (error) {
			return this.#failBoot(error);
		}
		this.#ready = true;
		// It listens before the arbiter hears of it and may end others: with `reuse_port` nobody else has its socket.
		const served = worker.run();
		tell({ type: 'ready' });
		try {
			await served;
		} catch (error) {
			this.#log.error('Exception in worker process', error);
			return this.#leave(CRASHED);
		}
		return this.#leave(0);
	}

	async #boot({ age, app, config, listeners, server, hookFile }: Boot): Promise<WorkerInstance> {
		// Files are opened, and sockets read, as whoever started the server; the app has to do with what `user` may.
		this.#logs = openLogs(config, { role: 'worker' });
		this.#log = this.#logs.log;
		const view = { ...server, log: this.#log };
		this.#server = view;
		this.#stackSignal = config.stack_signal;
		this.#signals.install([config.stack_signal as NodeJS.Signals]);
		dropPrivileges(config);
		setProcessTitle('worker', processName(config, app));
		this.#watchdog = startWatchdog({ fd: WATCHDOG_FD, log: this.#log });
		setInterval(() => this.#beat(), config.timeout > 0 ? Math.min(BEAT_MS, (config.timeout * 1_000) / 2) : BEAT_MS);
		this.#log.info(`Booting worker with pid: ${process.pid}`);
		const hooks = await loadWorkerHooks(hookFile ?? undefined, this.#log);
		this.#hooks = hooks;
		const WorkerClass = await loadWorkerClass(config);
		const { log, access } = this.#logs;
		const requestStacks = (reason: string) => void this.#watchdog?.requestStacks(reason);
		const worker = new WorkerClass({ age, app, config, listeners, log, access, hooks, arbiter: this.#line, requestStacks });
		this.#worker = worker;
		await hooks.run('post_fork', view, worker);
		await worker.initProcess();
		await hooks.run('post_worker_init', worker);
		return worker;
	}

	#beat(): void {
		if (this.#ready) this.#worker?.heartbeat();
	}

	#handleSignal(name: NodeJS.Signals): void {
		if (name === this.#stackSignal) void this.#watchdog?.requestStacks(name);
		else if (name === 'SIGUSR1') this.#reopenLogs();
		else if (name === 'SIGABRT') void this.#abort();
		else if (name !== 'SIGTERM' && name !== 'SIGINT' && name !== 'SIGQUIT') return;
		else if (!this.#ready) this.#endBy(name);
		else if (name === 'SIGTERM') this.#worker?.handleExit();
		else void this.#quit();
	}

	#reopenLogs(): void {
		this.#logs?.reopen();
		this.#worker?.handleUsr1();
	}

	async #quit(): Promise<void> {
		this.#interrupted ??= this.#hooks?.run('worker_int', this.#worker);
		this.#worker?.handleQuit();
		await this.#interrupted;
		setTimeout(() => this.#leave(0), QUICK_EXIT_MS);
	}

	async #abort(): Promise<void> {
		await this.#hooks?.run('worker_abort', this.#worker);
		this.#worker?.handleAbort();
		await this.#leave(CRASHED);
	}

	/** The watchdog sees it as well, and ends the process when this thread does not get round to it. */
	#handleOrphaned(): void {
		this.#log.info(`Parent changed, shutting down: ${process.pid}`);
		if (this.#ready) this.#worker?.handleExit();
		setTimeout(() => this.#leave(0), this.#ready ? ORPHAN_MS : 0);
	}

	/** Nothing is in flight before the worker is ready; it ends by a signal, so that the arbiter sees no failed boot. */
	#endBy(name: NodeJS.Signals): void {
		this.#logs?.flushSync();
		// The default action of QUIT writes a core file.
		const last = name === 'SIGQUIT' ? 'SIGTERM' : name;
		process.removeAllListeners(last);
		process.kill(process.pid, last);
	}

	/** The arbiter logs why: it knows whether another worker has said the same. */
	#failBoot(error: unknown): Promise<never> {
		const appFault = error instanceof GreenError && error.code === 'ERR_APP_IMPORT';
		const reason = appFault ? describeError(error) : `Exception in worker process\n${describeError(error)}`;
		tell({ type: 'failed', reason });
		return this.#leave(appFault ? APP_LOAD_ERROR : WORKER_BOOT_ERROR);
	}

	#leave(status: number): Promise<never> {
		this.#leaving ??= this.#exit(status);
		return this.#leaving;
	}

	async #exit(status: number): Promise<never> {
		await this.#interrupted;
		if (this.#worker) await this.#hooks?.run('worker_exit', this.#server, this.#worker);
		this.#log.info(`Worker exiting (pid: ${process.pid})`);
		tell({ type: 'leaving', status });
		await this.#logs?.close(LAST_LINES_MS);
		// Without an arbiter nobody would end a process that a thread inside a native call keeps from exiting.
		if (!process.connected || exitWouldAbort()) process.kill(process.pid, 'SIGKILL');
		return process.exit(status);
	}
}

/** The app's own fault is told in one line, with what it threw below; anything else with its stack. */
function describeError(error: unknown): string {
	if (!(error instanceof Error)) return String(error);
	const own = error instanceof GreenError && error.code === 'ERR_APP_IMPORT' ? error.message : (error.stack ?? String(error));
	return error.cause === undefined ? own : `${own}\n${describeError(error.cause)}`;
}
