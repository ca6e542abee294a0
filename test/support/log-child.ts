import { type ChildProcess, execFileSync, type StdioOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, mkdtempSync, openSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { LogSettings } from '../../src/server/log/log-settings.js';
import { logSettings } from './log-settings.js';
import { projectPath } from './project.js';

const DEADLINE_MS = 30_000;

/** A folder for the files of a test. */
export class Folder implements Disposable {
	readonly path = mkdtempSync(join(tmpdir(), 'tsgevent-logs-'));

	file(name: string): string {
		return join(this.path, name);
	}

	[Symbol.dispose](): void {
		rmSync(this.path, { recursive: true, force: true });
	}
}

/** Calls `read`, every `everyMs` milliseconds, until it returns something. */
export async function eventually<T>(what: string, read: () => T | undefined | false, everyMs = 10): Promise<T> {
	for (const deadline = performance.now() + DEADLINE_MS; performance.now() < deadline; await delay(everyMs)) {
		const found = read();
		if (found !== undefined && found !== false) return found;
	}
	throw new Error(`This did not happen within ${DEADLINE_MS} ms: ${what}`);
}

/** A real pipe, whose reader reads when it is told to. */
export class Pipe implements Disposable {
	readonly #reader: number;
	/** For the standard output of a child. */
	readonly writer: number;

	constructor(folder: Folder, name = 'pipe') {
		execFileSync('mkfifo', [folder.file(name)]);
		this.#reader = openSync(folder.file(name), constants.O_RDONLY | constants.O_NONBLOCK);
		this.writer = openSync(folder.file(name), constants.O_WRONLY);
	}

	/** What is in it by now. */
	read(): string {
		const parts: Buffer[] = [];
		for (;;) {
			const part = Buffer.alloc(65_536);
			let length = 0;
			try {
				length = readSync(this.#reader, part);
			} catch (error) {
				if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
			}
			if (length === 0) return Buffer.concat(parts).toString();
			parts.push(part.subarray(0, length));
		}
	}

	[Symbol.dispose](): void {
		closeSync(this.#reader);
		closeSync(this.writer);
	}
}

/** A process that logs as it is told. */
export class LogChild implements AsyncDisposable {
	readonly process: ChildProcess;
	/** What it wrote to a standard error of its own. */
	errors = '';
	readonly #ended: Promise<unknown>;

	private constructor(settings: Partial<LogSettings>, stdio: StdioOptions, role: string) {
		const fixture = projectPath('dist/test/fixtures/log-child.js');
		this.process = spawn(process.execPath, [fixture, JSON.stringify(logSettings(settings)), role], { stdio });
		this.#ended = once(this.process, 'exit');
		this.process.stderr?.setEncoding('utf8').on('data', (text: string) => {
			this.errors += text;
		});
	}

	/** @param output its standard output and error; default: pipes (sockets, as Node makes them), of which the error is read */
	static async start(
		settings: Partial<LogSettings>,
		{ output = ['pipe', 'pipe'], role = 'worker' }: { output?: readonly (number | 'pipe' | 'ignore')[]; role?: string } = {},
	): Promise<LogChild> {
		const child = new LogChild(settings, ['ignore', ...output, 'ipc'] as StdioOptions, role);
		await Promise.race([once(child.process, 'message'), child.#ended]);
		return child;
	}

	/** Waits for its answer. */
	async tell(name: string, argument = '', count = 1): Promise<unknown> {
		const answer = once(this.process, 'message', { signal: AbortSignal.timeout(DEADLINE_MS) });
		this.process.send({ name, argument, count });
		return ((await answer)[0] as { result: unknown }).result;
	}

	/** Tells it what makes it exit; resolves with its status. */
	async ending(name: string, argument: string, status: number): Promise<{ status: number | null }> {
		this.process.send({ name, argument, count: status });
		return { status: await this.exitStatus() };
	}

	async exitStatus(): Promise<number | null> {
		const timeout = setTimeout(() => this.process.kill('SIGKILL'), DEADLINE_MS);
		await this.#ended;
		clearTimeout(timeout);
		return this.process.exitCode;
	}

	async [Symbol.asyncDispose](): Promise<void> {
		if (this.process.exitCode === null && this.process.signalCode === null) this.process.kill('SIGKILL');
		await this.#ended;
	}
}
