/**
 * `http.js SERVER HANDLER FIGURE CONNECTIONS`: SERVER is `gevent` (one worker with a greenlet for each connection), `gevent-logged`
 * (the same, which writes an access log), `gunicorn` or `plain`; FIGURE is `per-cpu-second` of the serving process, `per-second` or
 * `p99` in milliseconds.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { report } from './rate.js';
import { BenchServer } from './server.js';
import { warmUp } from './warm-up.js';

const MEASURE_SECONDS = 5;
/** Hundreds of threads start in many seconds: load is put on in pieces of so many. */
const WARM_SECONDS = 4;
/** Linux counts the CPU time of processes in these, whatever its own tick is. */
const TICKS_PER_SECOND = 100;

interface Load {
	readonly requests: number;
	readonly seconds: number;
	readonly p99Ms: number;
}

const [kind, handler, figure, connections] = process.argv.slice(2) as [string, string, string, string];
const local = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

const folder = mkdtempSync(join(tmpdir(), 'bench-'));
const one = ['--workers', '1', '--worker-connections', connections];
const app = `${local('../apps/blocking.js')}:${handler}`;
const servers: Readonly<Record<string, () => BenchServer>> = {
	plain: () => BenchServer.node('bench/apps/plain.js', handler),
	gevent: () => BenchServer.gevent(...one, app),
	'gevent-logged': () => BenchServer.gevent(...one, '--access-logfile', join(folder, 'access.log'), app),
	gunicorn: () => BenchServer.gunicorn(handler, ...one),
};
const start = servers[kind];
if (!start) throw new Error(`Cannot bench ${kind}: the servers are ${Object.keys(servers).join(', ')}`);
await using server = start();
const url = await server.url();
await warmUp(
	async () => {
		const { requests, seconds } = await load(WARM_SECONDS);
		return seconds / requests;
	},
	{ vain: 2, most: 16 },
);
const pid = kind === 'plain' ? server.pid : onlyChild(server.pid);
const before = cpuSeconds(pid);
const { requests, seconds, p99Ms } = await load(MEASURE_SECONDS);
const cpu = cpuSeconds(pid) - before;
report(figure === 'p99' ? p99Ms : requests / (figure === 'per-second' ? seconds : cpu));
rmSync(folder, { recursive: true });

async function load(seconds: number): Promise<Load> {
	const { stdout } = await promisify(execFile)(process.execPath, [local('./load.js'), url, connections, String(seconds)]);
	return JSON.parse(stdout) as Load;
}

/** The one worker of an arbiter. */
function onlyChild(parent: number): number {
	const children = readdirSync('/proc').filter((entry) => /^\d+$/.test(entry) && stat(entry)?.[1] === String(parent));
	if (children.length !== 1) throw new Error(`Cannot tell the worker of ${parent} among its ${children.length} children`);
	return Number(children[0]);
}

/** User and system time of a process with all its threads. */
function cpuSeconds(pid: number): number {
	const fields = stat(String(pid)) ?? [];
	return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** What follows the command in /proc/PID/stat: state, parent, ...; undefined when the process has ended. */
function stat(pid: string): string[] | undefined {
	try {
		const line = readFileSync(`/proc/${pid}/stat`, 'latin1');
		return line.slice(line.lastIndexOf(')') + 2).split(' ');
	} catch {
		// Ended between the listing and the look.
		return undefined;
	}
}
