import { chmodSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { HaltServer } from '../../errors.js';

/** How a master that was started beside another one calls its pid file until it is alone. */
const SECOND_SUFFIX = '.2';

/** The file that names the master's pid, from `rename` to `unlink`. */
export class PidFile {
	readonly #pid: number;
	#suffix: string;
	/** As the settings want it. */
	#wanted: string | undefined;
	/** As it is. */
	#path: string | undefined;

	/**
	 * @param pid what to write into it
	 * @param second whether another master has the file, so that this one appends `.2` to its name until `promote`
	 */
	constructor(pid: number = process.pid, second = false) {
		this.#pid = pid;
		this.#suffix = second ? SECOND_SUFFIX : '';
	}

	/** Where it is; undefined when there is none. */
	get path(): string | undefined {
		return this.#path;
	}

	/**
	 * Writes the file where the settings want it, and removes it from where it was.
	 * @param wanted relative to the current directory; null or undefined: nowhere
	 * @throws HaltServer with exit status 1 when the file names another process that lives, or cannot be read or written; the old file
	 * stays then
	 */
	rename(wanted: string | null | undefined): void {
		this.#move(wanted ?? undefined);
	}

	#move(wanted: string | undefined, left?: number): void {
		const path = wanted ? resolve(wanted + this.#suffix) : undefined;
		if (path !== undefined) this.#write(path, left);
		if (this.#path !== path) this.unlink();
		this.#wanted = wanted;
		this.#path = path;
	}

	/**
	 * Takes the name without `.2`, once the other master has left.
	 * @param left the pid of that one: it may have been killed, so that its file is still there, and seems to live until its parent has
	 * waited for it
	 * @throws HaltServer as `rename` does
	 */
	promote(left?: number): void {
		this.#suffix = '';
		this.#move(this.#wanted, left);
	}

	/** Removes the file while it names this process. */
	unlink(): void {
		if (this.#path === undefined) return;
		try {
			if (readPid(this.#path) === this.#pid) rmSync(this.#path);
		} catch (error) {
			// Whoever has taken the file or its folder away has done it already.
			if ((error as NodeJS.ErrnoException).code === undefined) throw error;
		}
		this.#path = undefined;
	}

	/** @param left another master that is known to have ended */
	#write(path: string, left: number | undefined): void {
		const temporary = join(dirname(path), `.${basename(path)}.${crypto.randomUUID()}`);
		try {
			const other = readPid(path);
			if (other !== undefined && other !== this.#pid && other !== left && lives(other))
				throw new HaltServer(`Cannot start: already running on PID ${other}, or the pid file ${path} is stale`, 1);
			writeFileSync(temporary, `${this.#pid}\n`, { flag: 'wx' });
			// Whatever the umask.
			chmodSync(temporary, 0o644);
			renameSync(temporary, path);
		} catch (cause) {
			if (cause instanceof HaltServer) throw cause;
			rmSync(temporary, { force: true });
			throw new HaltServer(`Cannot use the pid file ${path}: ${(cause as Error).message}`, 1, { cause });
		}
	}
}

/** The pid in a file; undefined when there is no file, or something else in it. */
function readPid(path: string): number | undefined {
	try {
		const pid = Number(readFileSync(path, 'utf8').trim());
		return Number.isSafeInteger(pid) && pid > 0 ? pid : undefined;
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
		throw error;
	}
}

function lives(pid: number): boolean {
	try {
		process.kill(pid, 0);
		return true;
	} catch (error) {
		return (error as NodeJS.ErrnoException).code === 'EPERM';
	}
}
