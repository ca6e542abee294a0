import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type Configuration, loadConfiguration } from '../../src/server/config/configuration.js';
import type { Log } from '../../src/server/log/log.js';

/** A folder with config files and apps; disposing removes it, ends what was loaded from it, and goes back to where the test was. */
export class ConfigFolder implements AsyncDisposable {
	readonly path = realpathSync(mkdtempSync(join(tmpdir(), 'tsgevent-config-')));
	readonly #loaded: Configuration[] = [];
	readonly #cwd = process.cwd();

	/** @param files their texts by their names */
	constructor(files: Readonly<Record<string, string>> = {}) {
		for (const [name, text] of Object.entries(files)) this.write(name, text);
	}

	/** Writes a file; returns its path. */
	write(name: string, text: string): string {
		const path = join(this.path, name);
		mkdirSync(dirname(path), { recursive: true });
		writeFileSync(path, text);
		return path;
	}

	/** Loads the configuration as if the server were started here. */
	async load(args: readonly string[] = [], env: NodeJS.ProcessEnv = {}): Promise<Configuration> {
		const configuration = await loadConfiguration(args, env, this.path);
		this.#loaded.push(configuration);
		return configuration;
	}

	async [Symbol.asyncDispose](): Promise<void> {
		for (const configuration of this.#loaded) await configuration.close();
		process.chdir(this.#cwd);
		rmSync(this.path, { recursive: true });
	}
}

/** A log that keeps its lines, such as `error: text`. */
export class KeptLog implements Log {
	readonly lines: string[] = [];
	/** What was to be printed below the last line. */
	cause: unknown;

	debug = (text: string): void => this.#keep('debug', text);
	info = (text: string): void => this.#keep('info', text);
	warning = (text: string): void => this.#keep('warning', text);
	error = (text: string, cause?: unknown): void => this.#keep('error', text, cause);
	critical = (text: string, cause?: unknown): void => this.#keep('critical', text, cause);

	#keep(level: keyof Log, text: string, cause?: unknown): void {
		this.lines.push(`${level}: ${text}`);
		this.cause = cause;
	}
}
