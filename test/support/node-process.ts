import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { projectRoot } from './project.js';

/** How a child ended and what it said. */
export interface Outcome {
	readonly status: number | null;
	readonly signal: NodeJS.Signals | null;
	readonly stdout: string;
	readonly stderr: string;
}

/** What `runNode` may be told. */
export interface RunOptions {
	/** Default: the project's folder. */
	readonly cwd?: string;
	/** Added to the environment of this process. */
	readonly env?: Readonly<Record<string, string>>;
	/** Milliseconds until the child is killed; default 280,000, so that what it said is shown before the test's own time is over. */
	readonly timeoutMs?: number;
}

/** Runs this Node with `args` to its end. */
export async function runNode(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
	return run(process.execPath, args, options);
}

/** Runs a program to its end, its input empty. */
export async function run(file: string, args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
	// NODE_TEST_CONTEXT would turn the child's own output into the test runner's binary protocol.
	const { NODE_TEST_CONTEXT: _, ...inherited } = process.env;
	const child = spawn(file, args, {
		cwd: options.cwd ?? projectRoot,
		env: { ...inherited, ...options.env },
		stdio: ['ignore', 'pipe', 'pipe'],
		timeout: options.timeoutMs ?? 280_000,
		killSignal: 'SIGKILL',
	});
	return outcomeOf(child);
}

async function outcomeOf(child: ChildProcess): Promise<Outcome> {
	let stdout = '';
	let stderr = '';
	child.stdout?.setEncoding('utf8').on('data', (text: string) => {
		stdout += text;
	});
	child.stderr?.setEncoding('utf8').on('data', (text: string) => {
		stderr += text;
	});
	const [status, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
	return { status, signal, stdout, stderr };
}
