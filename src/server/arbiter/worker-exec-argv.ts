import { totalmem } from 'node:os';
import type { Config } from '../config/config.js';

/** What the arguments of a worker depend on beside the settings. */
export interface NodeProcess {
	/** The arbiter's own arguments of Node. */
	readonly execArgv: readonly string[];
	readonly env: NodeJS.ProcessEnv;
	/** The bytes a cgroup allows; 0 or more than the machine has when none does. */
	constrainedMemory(): number;
}

/** What of a worker's share in the cgroup is its heap's: the rest is for buffers, the heaps of threads, code and Node itself. */
const HEAP_SHARE = 0.5;
const LEAST_HEAP_MB = 64;
const MB = 1_048_576;
const LAST_PORT = 65_535;

/** Options of Node's inspector that bring their value in the next argument, unless they bring it after `=`. */
const WITH_VALUE = /^--(?:inspect-port|debug-port|inspect-publish-uid)$/;
const INSPECT = /^--(?:inspect(?:-\w+)*|debug-port)(?:=|$)/;
const HEAP_FLAG = /--max[-_](?:old[-_]space|heap)[-_]size/;

/**
 * The arguments of Node for a worker process: the arbiter's own, without its inspector.
 * - with `inspect`, an inspector of its own, on the setting's port plus the slot's number
 * - a limit for the heap of the main thread: `heap_limit`, or what is a worker's in the cgroup that limits this process; none when
 *   neither is there, or when somebody has set V8's own flag
 * - `--disable-sigusr1` is left out, for it keeps the signal from handlers too; no worker is sent it before it has one
 * @param slot from 0; no two workers that live at the same time may have the same. See `takeSlot`
 */
export function workerExecArgv(config: Config, slot: number, node: NodeProcess = process): string[] {
	const heapMb = heapLimitMb(config, node);
	return [
		...withoutInspect(node.execArgv).filter((argument) => argument !== '--disable-sigusr1'),
		...(config.inspect === null ? [] : [`--inspect=${inspectAddress(config.inspect, slot)}`]),
		...(heapMb === undefined ? [] : [`--max-old-space-size=${heapMb}`]),
	];
}

/** The environment of a worker: the arbiter's, with no inspector in `NODE_OPTIONS`, which all workers would open on one port. */
export function workerEnv(env: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
	const { NODE_OPTIONS: options, ...rest } = env;
	if (options === undefined) return rest;
	const kept = withoutInspect(splitOptions(options)).join(' ');
	return kept === '' ? rest : { ...rest, NODE_OPTIONS: kept };
}

/**
 * The lowest slot that is free. While workers are replaced, old and new ones live together: a new one then gets a port of its
 * own, and a later one the port of one that has gone.
 * @param taken the slots of all workers whose processes have not ended
 */
export function takeSlot(taken: Iterable<number>): number {
	const used = new Set(taken);
	let slot = 0;
	while (used.has(slot)) slot++;
	return slot;
}

function withoutInspect(options: readonly string[]): string[] {
	return options.filter((option, index) => !INSPECT.test(option) && !WITH_VALUE.test(options[index - 1] ?? ''));
}

/** As Node splits them: at spaces, except in double quotes; each part stays as it is written, for Node to read again. */
function splitOptions(options: string): string[] {
	return options.match(/(?:"(?:\\.|[^"\\])*"|[^\s"])+/g) ?? [];
}

/** Port 0 means any free one, for each worker; so does one beyond the last. */
function inspectAddress(setting: string, slot: number): string {
	const [, host = '', given = ''] = /^(.*:)?(\d+)$/.exec(setting) ?? [];
	const port = Number(given) + slot;
	return `${host}${given === '0' || port > LAST_PORT ? 0 : port}`;
}

function heapLimitMb({ heap_limit, workers }: Config, node: NodeProcess): number | undefined {
	if (heap_limit !== null) return heap_limit;
	if ([...node.execArgv, node.env.NODE_OPTIONS ?? ''].some((options) => HEAP_FLAG.test(options))) return undefined;
	const bytes = node.constrainedMemory();
	if (bytes <= 0 || bytes >= totalmem()) return undefined;
	return Math.max(LEAST_HEAP_MB, Math.floor((bytes / MB / Math.max(1, workers)) * HEAP_SHARE));
}
