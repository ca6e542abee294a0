import type * as node from 'node:child_process';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';
import { block } from '../engine/engine.js';
import { argumentError, shown } from './argument-error.js';
import { type ChildEnd, type ChildMessage, RUN_CHILD } from './child-process-messages.js';
import { stdioMessage } from './child-stdio.js';

type Options = Omit<node.ExecSyncOptions, 'shell'> &
	node.SpawnSyncOptions & { argv0?: string; detached?: boolean; windowsVerbatimArguments?: boolean };
type Result = node.SpawnSyncReturns<string | Buffer | null>;

/** As Node's own. */
const MAX_BUFFER = 1024 * 1024;
const [NODE_MAJOR] = process.versions.node.split('.').map(Number) as [number];

/**
 * Runs a command and waits for its end: Node's `spawnSync` with the same arguments and results, but only this greenlet waits.
 * The hub owns the child and sends it `killSignal` when this greenlet is killed or its thread is lost. Switches.
 * @returns never throws for what happens to the child: see `error`, `status` and `signal` of the result
 * @throws TypeError, RangeError with Node's own codes for arguments that cannot be
 * @throws BlockingHubError `ERR_BLOCKING_HUB` on the hub
 * @throws WrongThreadError `ERR_WRONG_THREAD` in a `Worker` of the app's own
 * @example
 * ```js
 * import { spawnSync } from 'tsgevent/child_process';
 * export const words = (text) => Number(spawnSync('wc', ['-w'], { input: text, encoding: 'utf8' }).stdout);
 * ```
 */
export const spawnSync = ((file: string, args?: unknown, options?: unknown): Result => {
	return run(file, ...split(args, options));
}) as typeof node.spawnSync;

/**
 * Runs a program without a shell and returns what it wrote: Node's `execFileSync` for greenlets; otherwise as `spawnSync`.
 * @throws Error when the child fails, is ended by a signal or cannot be started: with `status`, `signal`, `stdout`, `stderr` and `pid`
 * @throws `ETIMEDOUT`, `ENOBUFS`, `ENOENT`, ... as `code` of that error
 * @example
 * ```js
 * import { execFileSync } from 'tsgevent/child_process';
 * export const commit = () => execFileSync('git', ['rev-parse', 'HEAD'], { encoding: 'utf8' }).trim();
 * ```
 */
export const execFileSync = ((file: string, args?: unknown, options?: unknown): string | Buffer | null => {
	const [list, given] = split(args, options);
	return outputOf(run(file, list, given), given, [given.argv0 ?? file, ...list].join(' '));
}) as typeof node.execFileSync;

/**
 * Runs a command line in a shell and returns what it wrote: Node's `execSync` for greenlets; otherwise as `execFileSync`.
 * @throws the same as `execFileSync`
 * @example
 * ```js
 * import { execSync } from 'tsgevent/child_process';
 * export const uptime = () => execSync('uptime', { encoding: 'utf8', timeout: 1_000 });
 * ```
 */
export const execSync = ((command: string, options?: Options): string | Buffer | null => {
	const given = { ...options, shell: typeof options?.shell === 'string' ? options.shell : true } as Options;
	return outputOf(run(command, [], given), given, command);
}) as typeof node.execSync;

/** The arguments may be left out. */
function split(args: unknown, options: unknown): [args: readonly string[], options: Options] {
	if (Array.isArray(args)) return [args as string[], checked(options)];
	if (args === undefined || args === null) return [[], checked(options)];
	if (options === undefined && typeof args === 'object') return [[], args as Options];
	throw argumentError('ERR_INVALID_ARG_TYPE', `Cannot start a child: its arguments must be an array, got ${shown(args)}`);
}

function checked(options: unknown): Options {
	if (options === undefined) return {};
	if (typeof options === 'object' && options !== null) return options as Options;
	throw argumentError('ERR_INVALID_ARG_TYPE', `Cannot start a child: its options must be an object, got ${shown(options)}`);
}

function run(file: string, args: readonly string[], options: Options): Result {
	const end = block(RUN_CHILD, messageOf(file, args, options));
	const { encoding } = options;
	const texts = encoding !== undefined && encoding !== null && encoding !== 'buffer';
	const output = end.output?.map((bytes) => (bytes && texts ? bytes.toString(encoding as BufferEncoding) : bytes)) ?? null;
	// What is missing became undefined in Node 24.
	const missing = (NODE_MAJOR >= 24 ? undefined : null) as null;
	const { status, signal, pid } = end;
	return {
		...(end.error ? { error: startError(end, file) } : {}),
		status,
		signal: signal as NodeJS.Signals | null,
		output: output as Result['output'],
		pid,
		stdout: output ? (output[1] as Result['stdout']) : missing,
		stderr: output ? (output[2] as Result['stderr']) : missing,
	};
}

const PASSED = [
	'argv0',
	'cwd',
	'detached',
	'env',
	'gid',
	'shell',
	'uid',
	'windowsHide',
	'windowsVerbatimArguments',
] as const satisfies readonly (keyof Options)[];

function messageOf(file: string, args: readonly string[], options: Options): ChildMessage {
	const passed: Record<string, unknown> = {};
	for (const key of PASSED) if (options[key] !== undefined && options[key] !== null) passed[key] = options[key];
	if (passed.cwd instanceof URL) passed.cwd = fileURLToPath(passed.cwd);
	// The hub has an environment of its own; the child is to get this thread's.
	passed.env = { ...(options.env ?? process.env) };
	return {
		file,
		args,
		options: passed,
		stdio: stdioMessage(options.stdio ?? 'pipe'),
		input: inputOf(options),
		timeoutMs: timeoutOf(options.timeout),
		maxBuffer: maxBufferOf(options),
		killSignal: killSignalOf(options.killSignal),
	};
}

function inputOf({ input, encoding }: Options): Buffer | null {
	if (!input) return null;
	if (typeof input === 'string') return Buffer.from(input, encoding as BufferEncoding | undefined);
	if (ArrayBuffer.isView(input)) return Buffer.from(input.buffer, input.byteOffset, input.byteLength);
	throw argumentError('ERR_INVALID_ARG_TYPE', `Cannot start a child: its input must be a string or bytes, got ${shown(input)}`);
}

function timeoutOf(timeout: unknown): number {
	if (timeout === undefined || timeout === null) return 0;
	if (Number.isInteger(timeout) && (timeout as number) >= 0) return timeout as number;
	throw argumentError('ERR_OUT_OF_RANGE', `Cannot start a child: timeout must be a whole number of milliseconds, got ${shown(timeout)}`);
}

/** An explicit `undefined` means no limit, as with Node. */
function maxBufferOf(options: Options): number {
	if (!('maxBuffer' in options)) return MAX_BUFFER;
	const { maxBuffer } = options;
	if (maxBuffer === undefined || maxBuffer === null || maxBuffer === Number.POSITIVE_INFINITY) return 0;
	if (typeof maxBuffer === 'number' && maxBuffer >= 0) return maxBuffer;
	throw argumentError('ERR_OUT_OF_RANGE', `Cannot start a child: maxBuffer must be a positive number of bytes, got ${shown(maxBuffer)}`);
}

function killSignalOf(signal: unknown): string | number {
	if (signal === undefined || signal === null) return 'SIGTERM';
	if (typeof signal !== 'string' && typeof signal !== 'number') {
		throw argumentError('ERR_INVALID_ARG_TYPE', `Cannot start a child: killSignal must be a name or a number, got ${shown(signal)}`);
	}
	const name = typeof signal === 'string' ? signal.toUpperCase() : signal;
	const known = typeof name === 'string' ? name in constants.signals : Object.values(constants.signals).includes(name as never);
	if (!known) throw argumentError('ERR_UNKNOWN_SIGNAL', `Cannot start a child: killSignal is not a signal, got ${shown(signal)}`);
	return name;
}

/** Node's own wording and properties. */
function startError({ error, file, args }: ChildEnd, asked: string): Error {
	const { code, errno } = error as NonNullable<ChildEnd['error']>;
	const syscall = `spawnSync ${file || asked}`;
	return Object.assign(new Error(`${syscall} ${code}`), { errno, code, syscall, path: file || asked, spawnargs: args.slice(1) });
}

/** What the `exec` functions do with a result: stderr is shown unless the caller arranged for it, and failure is thrown. */
function outputOf(result: Result, options: Options, command: string): string | Buffer | null {
	if (!options.stdio && result.stderr && result.stderr.length > 0) process.stderr.write(result.stderr);
	if (result.error) throw Object.assign(result.error, result);
	if (result.status === 0) return result.stdout;
	const said = result.stderr && result.stderr.length > 0 ? `\n${result.stderr.toString()}` : '';
	throw Object.assign(new Error(`Command failed: ${command}${said}`), result);
}
