import { existsSync, realpathSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { FSWatcher } from 'chokidar';
import type { Log } from '../log/log.js';
import { WatchedFiles } from './watched-files.js';

/** How long the files have to be at rest before a reload, in milliseconds: an editor writes several at once, and some twice. */
const REST_MS = 100;

/** How often files are looked at where nobody tells of their changes, in milliseconds; gunicorn's. */
const POLL_MS = 1_000;

/** The kernel's ways to say that no more files can be watched. */
const TOO_MANY = new Set(['ENOSPC', 'EMFILE']);

/** The settings that a `Reloader` reads, under gunicorn's names. */
export interface ReloadSettings {
	/** `auto` asks the kernel, and polls where that cannot watch as many files; `inotify` only asks; `poll` only polls. */
	readonly reload_engine: string;
	/** Files, folders and globs beside the app's own code; relative to `chdir`. */
	readonly reload_extra_files: readonly string[];
	/** The app's folder. */
	readonly chdir?: string | null;
	/** Never watched, as are `errorlog` and `accesslog`. */
	readonly pidfile?: string | null;
	readonly errorlog?: string | null;
	readonly accesslog?: string | null;
}

/**
 * Watches the app's code while `reload` is on: all `js`, `ts` and `json` files (with their `m` and `c` forms) below the app's folder
 * and below its module's, new ones too, but for packages and what begins with a dot; and the extra files. Runs in the arbiter, on
 * the one watcher of the process.
 * @example
 * ```ts no-run: it belongs to a running server
 * const reloader = new Reloader(config, 'app.js:handler', (paths) => replaceWorkers(paths), log);
 * await reloader.close();
 * ```
 */
export class Reloader {
	/** Resolves when every change from now on is seen. */
	readonly ready: Promise<void>;
	readonly #files: WatchedFiles;
	readonly #engine: string;
	readonly #onChange: (paths: readonly string[]) => void;
	readonly #log: Log;
	readonly #changed = new Set<string>();
	#watcher: FSWatcher | undefined;
	#rest: NodeJS.Timeout | undefined;
	#closed = false;

	/**
	 * Starts to watch.
	 * @param app what is served, `MODULE:NAME` or a path: its module's folder is watched, too
	 * @param onChange called once for each burst of changes, 100 ms after its last one, with the sorted absolute paths
	 */
	constructor(settings: ReloadSettings, app: string, onChange: (paths: readonly string[]) => void, log: Log) {
		const home = realpathSync(resolve(settings.chdir ?? '.'));
		const absolute = (path: string): string => resolve(home, path);
		const logs = [settings.pidfile, settings.errorlog, settings.accesslog].flatMap((path) => (path ? [absolute(path)] : []));
		this.#files = new WatchedFiles([home, ...moduleFolder(home, app)], settings.reload_extra_files.map(absolute), logs);
		this.#engine = settings.reload_engine;
		this.#onChange = onChange;
		this.#log = log;
		this.ready = this.#watch(this.#engine === 'poll');
		// Whoever does not wait for it reads it in the log.
		this.ready.catch((error: unknown) => log.error('Cannot watch the code for changes', error));
	}

	/** Stops to watch; resolves when nothing is held open any more. `onChange` is not called again. */
	async close(): Promise<void> {
		this.#closed = true;
		clearTimeout(this.#rest);
		await this.#watcher?.close();
	}

	async #watch(usePolling: boolean): Promise<void> {
		// Loaded when it is needed only: a server in production does without.
		const { watch } = await import('chokidar');
		if (this.#closed) return;
		const watcher = watch([...this.#files.roots], {
			ignoreInitial: true,
			ignorePermissionErrors: true,
			usePolling,
			interval: POLL_MS,
			binaryInterval: POLL_MS,
			ignored: (path, stats) => {
				if (stats?.isFile()) return !this.#files.hasFile(path);
				if (stats?.isDirectory()) return !this.#files.hasFolder(path);
				// Not known yet, or a symbolic link.
				return !this.#files.hasFile(path) && !this.#files.hasFolder(path);
			},
		});
		this.#watcher = watcher;
		const seen = (path: string): void => this.#note(path);
		watcher.on('add', seen).on('change', seen).on('unlink', seen);
		await new Promise<void>((resolve) => {
			watcher.on('error', (error) => resolve(this.#fail(watcher, error)));
			watcher.once('ready', resolve);
		});
		if (this.#watcher === watcher)
			this.#log.info(`Watching ${this.#files.roots.join(', ')} for changes${usePolling ? ', by polling' : ''}`);
	}

	/** Polls instead where that was left open. */
	async #fail(watcher: FSWatcher, error: unknown): Promise<void> {
		if (this.#closed || this.#watcher !== watcher) return;
		const { code = '' } = error as NodeJS.ErrnoException;
		if (this.#engine !== 'auto' || !TOO_MANY.has(code)) {
			this.#log.error('Cannot watch all of the code for changes', error);
			return;
		}
		this.#watcher = undefined;
		this.#log.warning(`Cannot watch so many files by inotify (${code}): polling instead, which costs CPU time`);
		await watcher.close();
		await this.#watch(true);
	}

	#note(path: string): void {
		if (this.#closed || !this.#files.hasFile(path)) return;
		this.#changed.add(path);
		clearTimeout(this.#rest);
		this.#rest = setTimeout(() => {
			const paths = [...this.#changed].sort();
			this.#changed.clear();
			this.#onChange(paths);
		}, REST_MS);
	}
}

/** The folder of the app's module where that is named by a path; a package's code is not the app's own. */
function moduleFolder(home: string, app: string): string[] {
	const path = resolve(home, app.replace(/:[^/]*$/, ''));
	const folder = dirname(path);
	return existsSync(folder) ? [realpathSync(folder)] : [];
}
