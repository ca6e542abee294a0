#!/usr/bin/env node
import { existsSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { RUN_MAIN } from '../engine/core-operations.js';
import { unpack } from '../engine/threads/codec.js';
import type { GreenletRecord } from '../hub/greenlet-record.js';
import { startMainHub } from './main-hub.js';
import { registerPreload } from './preloads.js';
import { runnerService } from './runner-service.js';
import { packageVersion } from './version.js';

/*
 * `tsgevent [options] app.js [arguments]`, like `python -m gevent.monkey`: runs an unmodified program with everything
 * patched. The main thread is the hub, so signals, stdio and sockets behave while the program blocks.
 */

const USAGE = `Usage: tsgevent [options] program [arguments]

Runs a Node program written in blocking style with the core modules patched.

  --no-patch   do not patch the core modules
  --version    print the version
  --help       print this text
`;

interface CommandLine {
	readonly patch: boolean;
	readonly program: string;
	readonly args: readonly string[];
}

function parse(argv: readonly string[]): CommandLine | undefined {
	let patch = true;
	for (const [at, argument] of argv.entries()) {
		if (!argument.startsWith('-')) return { patch, program: argument, args: argv.slice(at + 1) };
		if (argument === '--no-patch') patch = false;
		else if (argument === '--help') return print(USAGE, 0);
		else if (argument === '--version') return print(`tsgevent ${packageVersion()}\n`, 0);
		else return print(`Unknown option ${argument}\n\n${USAGE}`, 2);
	}
	return print(USAGE, 2);
}

function print(text: string, code: number): undefined {
	(code === 0 ? process.stdout : process.stderr).write(text);
	process.exitCode = code;
}

/** The program's file, found as `node` finds it. */
function locate(program: string): string | undefined {
	const path = resolve(program);
	if (existsSync(path)) return realpathSync(createRequire(`${process.cwd()}/`).resolve(path));
	try {
		return createRequire(`${process.cwd()}/`).resolve(path);
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error;
		return print(`Cannot find the program ${path}\n`, 1);
	}
}

async function run({ patch, program, args }: CommandLine): Promise<void> {
	const path = locate(program);
	if (path === undefined) return;
	registerPreload(new URL('./main-greenlet.js', import.meta.url).href, { ipc: process.send !== undefined });
	if (patch) registerPreload(new URL('../../patch/preload.js', import.meta.url).href);
	const hub = await startMainHub({ argv: [process.execPath, path, ...args] });
	let main: GreenletRecord | undefined;
	runnerService(hub, () => main);
	main = hub.start(RUN_MAIN, [pathToFileURL(path).href], {
		name: 'main',
		unref: true,
		onEnd: ({ ok, packet }) => {
			// It ends by asking for the exit; ending any other way means that its thread was lost.
			if (!ok) console.error(unpack(packet));
			process.exit(ok ? 0 : 1);
		},
	});
}

const commandLine = parse(process.argv.slice(2));
if (commandLine) await run(commandLine);
