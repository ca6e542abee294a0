// Starts the server that blocking-app.js calls, once for all threads of all workers, so that the example runs anywhere. The app does not
// call itself instead: requests that wait for other requests of the same server come to a standstill when no greenlet is left.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sleep } from 'tsgevent';

const master = process.ppid;
const folder = join(tmpdir(), `blocking-app-${master}`);
const socket = join(folder, 'upstream.sock');

// Module state is per thread and per process, the file system is not: whoever makes the folder was first.
if (mayStart()) {
	const program = fileURLToPath(new URL('./upstream.js', import.meta.url));
	spawn(process.execPath, [program, folder, String(master)], { stdio: 'ignore', detached: true }).unref();
}

function mayStart() {
	try {
		mkdirSync(folder);
		return true;
	} catch (error) {
		if (error.code === 'EEXIST') return false;
		throw error;
	}
}

/** Where it listens; waits until it does. */
export function upstreamSocket() {
	while (!existsSync(socket)) sleep(10);
	return socket;
}
