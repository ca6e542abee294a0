import { ChildProcess } from 'node:child_process';

/** What every asynchronous launch (`spawn`, `exec`, `fork`, ...) ends in; no type declares it. */
interface Launcher {
	spawn(options: { stdio?: unknown }): unknown;
}

let reserved = false;

/**
 * Says that descriptor 0 of this process is not its standard input but something no child may get hold of: children that would
 * inherit it get nothing in its place. Holds for children started by this thread, not for those of the native `spawnSync`.
 */
export function reserveStdin(): void {
	if (reserved) return;
	reserved = true;
	const launcher = ChildProcess.prototype as unknown as Launcher;
	const { spawn } = launcher;
	launcher.spawn = function (this: unknown, options) {
		return Reflect.apply(spawn, this, [{ ...options, stdio: withoutStdin(options.stdio) }]);
	};
}

function withoutStdin(stdio: unknown): unknown {
	if (stdio === 'inherit') return ['ignore', 'inherit', 'inherit'];
	if (!Array.isArray(stdio)) return stdio;
	return stdio.map((entry: unknown, fd) => ((fd === 0 && entry === 'inherit') || entry === 0 ? 'ignore' : entry));
}
