import { ConfigError, HaltServer } from '../../errors.js';
import { resolveAccount } from '../worker/account.js';
import { type AccessFormat, compileAccessFormat, jsonAccess } from './access-format.js';
import { captureOutput } from './capture-output.js';
import { type Owner, openDestination } from './destination.js';
import { ErrorLog, writeStandardError } from './error-log.js';
import { LineWriter } from './line-writer.js';
import type { Access, AccessLog, Log, Logs } from './log.js';
import type { LogSettings } from './log-settings.js';
import { Statsd } from './statsd.js';
import { Syslog } from './syslog.js';

/** Whose logs they are: only the arbiter gives files away. */
export type Role = 'arbiter' | 'worker';

/**
 * Opens all logs of this process, on its main thread. The arbiter comes first: its files are there, and given to `user` and `group`,
 * before a worker drops its privileges. They are flushed by themselves when the process exits, until they are closed.
 * @param options.role default: a worker, which gives no files away
 * @throws ConfigError `ERR_CONFIG` when a setting cannot be read
 * @throws HaltServer `ERR_HALT_SERVER` with exit status 1 when a path cannot be opened, or there is no such user or group
 */
export function openLogs(settings: LogSettings, options: { readonly role: Role } = { role: 'worker' }): Logs {
	const opened: Closable[] = [];
	try {
		const logs = new OpenLogs(settings, options.role, opened);
		return {
			log: logs.log,
			access: logs.access,
			gauge: (name, value) => logs.gauge(name, value),
			histogram: (name, value) => logs.histogram(name, value),
			outputFd: () => logs.outputFd(),
			reopen: () => logs.reopen(),
			close: (ms) => logs.close(ms),
			flushSync: () => logs.flushSync(),
		};
	} catch (error) {
		for (const part of opened) part.close(0).catch(() => undefined);
		throw error;
	}
}

interface Closable {
	close(ms: number): Promise<void>;
}

/** A log with a path of its own, for `reopen`. */
interface LogFile {
	readonly what: string;
	readonly path: string;
	readonly standard: 1 | 2;
	readonly writer: LineWriter;
}

/** All logs of a process, whose methods need their object: what goes out is a plain one, which may be spread. */
class OpenLogs {
	readonly log: Log;
	readonly access: AccessLog | undefined;
	readonly #owner: Owner | undefined;
	/** Where trouble with the logs is told; the error log itself when that is standard error. */
	readonly #console: LineWriter;
	readonly #error: LogFile | undefined;
	readonly #access: LogFile | undefined;
	readonly #syslog: Syslog | undefined;
	readonly #statsd: Statsd | undefined;
	readonly #release: (() => void) | undefined;
	#closed = false;
	readonly #opened: Closable[];
	readonly #onExit = () => this.flushSync();

	/** @param opened is given everything that is opened, as it is */
	constructor(settings: LogSettings, role: Role, opened: Closable[]) {
		this.#opened = opened;
		this.#owner = role === 'arbiter' && process.geteuid?.() === 0 ? resolveAccount(settings) : undefined;
		const report = (text: string) => this.#complain(text);
		this.#console = this.#keep(new LineWriter(openDestination('-', 2), { batched: false, onTrouble: report }));
		this.#error = this.#openFile('error log', 'errorlog', settings.errorlog, 2, report);
		this.#access = this.#openFile('access log', 'accesslog', settings.accesslog, 1, report);
		this.#syslog = settings.syslog ? using('syslog_addr', () => this.#keep(new Syslog(settings, report))) : undefined;
		const { statsd_host: host } = settings;
		this.#statsd = host === null ? undefined : using('statsd_host', () => this.#keep(new Statsd(host, settings, report)));
		this.log = this.#errorLog(settings.loglevel);
		this.access = this.#accessLog(settings);
		if (settings.capture_output && reopens(this.#error)) this.#release = captureOutput((text) => this.#error?.writer.write(text));
		process.on('exit', this.#onExit);
	}

	outputFd(): number | undefined {
		return this.#release ? this.#error?.writer.destination.fd : undefined;
	}

	gauge(name: string, value: number): void {
		this.#statsd?.gauge(name, value);
	}

	histogram(name: string, value: number): void {
		this.#statsd?.histogram(name, value);
	}

	reopen(): void {
		for (const file of [this.#error, this.#access]) {
			if (!reopens(file)) continue;
			try {
				file.writer.reopen(openDestination(file.path, file.standard, this.#owner));
			} catch (error) {
				this.log.error(`Cannot reopen the ${file.what} ${file.path}, which goes on in the old file: ${(error as Error).message}`);
			}
		}
	}

	async close(ms: number): Promise<void> {
		process.off('exit', this.#onExit);
		this.#release?.();
		this.#closed = true;
		await Promise.all(this.#opened.map((part) => part.close(ms)));
	}

	flushSync(): void {
		this.#statsd?.flush();
		this.#access?.writer.flushSync();
		this.#error?.writer.flushSync();
		this.#console.flushSync();
	}

	#openFile(what: string, setting: string, path: string | null, standard: 1 | 2, onTrouble: (text: string) => void): LogFile | undefined {
		if (path === null) return undefined;
		if (path === '-' && standard === 2) return { what, path, standard, writer: this.#console };
		try {
			const destination = openDestination(path, standard, this.#owner);
			return { what, path, standard, writer: this.#keep(new LineWriter(destination, { batched: standard === 1, onTrouble })) };
		} catch (cause) {
			throw new HaltServer(`Cannot open the ${what} ${path} (${setting}): ${(cause as Error).message}`, 1, { cause });
		}
	}

	#errorLog(level: string): ErrorLog {
		const writer = this.#error?.writer;
		const syslog = this.#syslog;
		const statsd = this.#statsd;
		return new ErrorLog(
			(line, level, text, failure) => {
				// Whoever still speaks after that is heard all the same.
				if (this.#closed) writeStandardError(line);
				else writer?.write(line);
				syslog?.send('error', level, text);
				statsd?.countEntry(level, failure);
			},
			undefined,
			level,
		);
	}

	#accessLog(settings: LogSettings): AccessLog | undefined {
		const syslog = settings.disable_redirect_access_to_syslog ? undefined : this.#syslog;
		const writer = this.#access?.writer;
		const written = writer !== undefined || syslog !== undefined;
		if (!written && !this.#statsd) return undefined;
		const format = settings.access_log_json
			? jsonAccess()
			: using('access_log_format', () => compileAccessFormat(settings.access_log_format));
		const wantsRequestId = written && (settings.access_log_json || showsRequestId(settings));
		return new AccessRecorder(format, { wantsRequestId, writer, syslog, statsd: this.#statsd });
	}

	#keep<T extends Closable>(part: T): T {
		this.#opened.push(part);
		return part;
	}

	/** Trouble with one log is told in the others, and on standard error in any case. */
	#complain(text: string): void {
		if (this.#error && this.#error.writer !== this.#console) this.log.warning(text);
		new ErrorLog((line) => this.#console.write(line)).warning(text);
	}
}

/** Hears of every request. */
class AccessRecorder implements AccessLog {
	readonly wantsRequestId: boolean;
	readonly #format: AccessFormat;
	readonly #writer: LineWriter | undefined;
	readonly #syslog: Syslog | undefined;
	readonly #statsd: Statsd | undefined;

	constructor(
		format: AccessFormat,
		to: { wantsRequestId: boolean; writer: LineWriter | undefined; syslog: Syslog | undefined; statsd: Statsd | undefined },
	) {
		this.wantsRequestId = to.wantsRequestId;
		this.#format = format;
		this.#writer = to.writer;
		this.#syslog = to.syslog;
		this.#statsd = to.statsd;
	}

	record(access: Access): void {
		this.#statsd?.record(access);
		if (!this.#writer && !this.#syslog) return;
		const line = this.#format(access);
		this.#writer?.write(`${line}\n`);
		this.#syslog?.send('access', 'INFO', line);
	}
}

function showsRequestId({ access_log_format: format, request_id_header: name }: LogSettings): boolean {
	return name !== '' && format.toLowerCase().includes(`{${name.toLowerCase()}}i`);
}

/** Whether it has a path that can be opened anew, and is not an inherited descriptor. */
function reopens(file: LogFile | undefined): file is LogFile {
	return file?.writer.destination.own === true && file.path !== '-';
}

/** Makes what depends on a setting. */
function using<T>(setting: string, make: () => T): T {
	try {
		return make();
	} catch (cause) {
		throw new ConfigError(`Cannot use ${setting}: ${(cause as Error).message}`, { cause });
	}
}
