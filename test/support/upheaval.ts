import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describeLoad, Load, type LoadOptions, type LoadReport } from './load.js';
import { projectPath } from './project.js';
import { Random } from './random.js';
import { TestServer } from './server.js';

/** How long a new master may take to come and an old one to go, in milliseconds. */
const DEADLINE_MS = 60_000;

const PATHS = ['/', '/', '/', '/slow', '/big', '/pieces'];

/** A server under load to which things happen at random moments. */
export class Upheaval implements AsyncDisposable {
	readonly server: TestServer;
	readonly load: Load;
	readonly random: Random;
	readonly #pidFile: string;

	private constructor(server: TestServer, port: number, load: Partial<LoadOptions>) {
		this.server = server;
		this.random = new Random();
		// Idle connections are the drain's to close, not the keep-alive's.
		this.load = new Load({ to: port, fresh: 4, kept: 4, idle: 8, paths: PATHS, seed: this.random.seed, ...load });
		this.#pidFile = join(server.folder, 'app.pid');
	}

	/** Starts a server with these arguments, `-w` among them, and waits until all of its workers are ready and it answers. */
	static async start(args: readonly string[], load: Partial<LoadOptions> = {}): Promise<Upheaval> {
		const app = `${projectPath('dist/test/fixtures/load-app.js')}:handler`;
		const all = ['-b', '127.0.0.1:0', '--log-level', 'debug', '--keep-alive', '75', ...args];
		const server = new TestServer((folder) => ['--pid', join(folder, 'app.pid'), ...all, app]);
		try {
			// One that is told to go before it is ready just ends, without a word.
			await server.logged(/Worker \(pid:\d+\) is ready/, Number(args[args.indexOf('-w') + 1]));
			const upheaval = new Upheaval(server, await server.port(), load);
			await upheaval.load.more(100);
			return upheaval;
		} catch (error) {
			await server[Symbol.asyncDispose]();
			throw error;
		}
	}

	/** The master that holds the pid file. */
	get master(): number {
		return Number(readFileSync(this.#pidFile, 'utf8'));
	}

	/** Signals the master; the idle clients write just afterwards. */
	signal(name: NodeJS.Signals): void {
		process.kill(this.master, name);
		this.load.nudge();
	}

	/** Lets up to `mostMs` milliseconds pass. */
	async moment(mostMs: number): Promise<void> {
		await delay(this.random.below(mostMs));
	}

	/** USR2, and at some moment after the new master has come TERM for the old one; resolves when that is gone. */
	async upgrade(mostMs: number): Promise<void> {
		const old = this.master;
		this.signal('SIGUSR2');
		await this.#until(() => existsSync(`${this.#pidFile}.2`), 'No second master came');
		await this.moment(mostMs);
		this.signal('SIGTERM');
		await this.#until(() => !existsSync(`/proc/${old}`) && existsSync(this.#pidFile) && this.master !== old, 'The old master did not go');
	}

	/** Ends the load, then the server; fails unless every request was answered. */
	async finish(): Promise<LoadReport> {
		const report = await this.load.stop();
		assert.equal(report.failed, 0, `${describeLoad(report)}\n${this.server.log}`);
		assert.equal(report.answered, report.requests);
		this.signal('SIGTERM');
		await this.server.exitStatus();
		return report;
	}

	async [Symbol.asyncDispose](): Promise<void> {
		await this.load[Symbol.asyncDispose]();
		// A second master is no child of the test's.
		if (existsSync(this.#pidFile) && existsSync(`/proc/${this.master}`)) process.kill(this.master, 'SIGQUIT');
		await this.server[Symbol.asyncDispose]();
	}

	async #until(holds: () => boolean, complaint: string): Promise<void> {
		const deadline = performance.now() + DEADLINE_MS;
		while (!holds()) {
			if (performance.now() > deadline) throw new Error(`${complaint}:\n${this.server.log}`);
			await delay(10);
		}
	}
}
