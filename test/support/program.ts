import assert from 'node:assert/strict';
import { type Outcome, runNode } from './node-process.js';
import { projectPath } from './project.js';

/** How a program is started: by plain `node`, or by `tsgevent`. */
export type Starter = 'node' | 'tsgevent';

/** What comes before the program on the command line. */
export function starting(starter: Starter): string[] {
	return starter === 'node' ? [] : [projectPath('dist/src/runtime/runner.js')];
}

/** Runs a program of test/fixtures to its end. */
export function runProgram(starter: Starter, program: string, ...args: readonly string[]): Promise<Outcome> {
	const folder = program.endsWith('.js') ? 'dist/test/fixtures' : 'test/fixtures';
	return runNode([...starting(starter), projectPath(folder, program), ...args]);
}

/** The lines a program printed, those in JSON parsed; fails unless it ended with 0. */
export async function linesOf(starter: Starter, program: string, ...args: readonly string[]): Promise<unknown[]> {
	const { status, signal, stdout, stderr } = await runProgram(starter, program, ...args);
	assert.deepEqual({ status, signal }, { status: 0, signal: null }, stdout + stderr);
	return stdout
		.trimEnd()
		.split('\n')
		.map((line) => (/^[[{"]/.test(line) ? JSON.parse(line) : line));
}
