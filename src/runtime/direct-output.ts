import { writeSync } from 'node:fs';
import { isatty, type WriteStream } from 'node:tty';
import type { TerminalShape } from '../engine/threads/pool.js';
import { pause } from '../engine/threads/wire.js';

/** The shape of this process's terminal, for threads, which have none. Looking at `process.stdin` would open it, and `readFileSync(0)` would fail. */
export function terminalShape(): TerminalShape {
	const shape = ({ isTTY, columns, rows }: WriteStream) => ({ isTTY: isTTY === true, columns: columns ?? 80, rows: rows ?? 24 });
	return { stdout: shape(process.stdout), stderr: shape(process.stderr), stdin: { isTTY: isatty(0) } };
}

/**
 * Makes this thread write its output itself. Node sends a thread's output through the main thread's event loop, where it
 * would appear late or, while that thread is parked, not at all. The stream objects stay: replacing them crashes Node.
 */
export function writeOutputDirectly(shape: TerminalShape): void {
	direct(process.stdout, 1, shape.stdout);
	direct(process.stderr, 2, shape.stderr);
}

type Write = (chunk: Buffer, encoding: BufferEncoding, done: (error?: Error | null) => void) => void;

function direct(stream: WriteStream, fd: number, shape: TerminalShape['stdout']): void {
	const open = stream as unknown as { _write: Write; _writev: null };
	open._writev = null;
	open._write = (chunk, _encoding, done) => {
		try {
			writeAll(fd, chunk);
		} catch (error) {
			done(error as Error);
			return;
		}
		done();
	};
	if (shape.isTTY) Object.assign(stream, shape);
}

function writeAll(fd: number, chunk: Buffer | string): void {
	const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
	for (let written = 0; written < bytes.length; ) {
		try {
			written += writeSync(fd, bytes, written);
		} catch (error) {
			// A full pipe that somebody set to non-blocking mode: the reader needs a moment.
			if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
			pause(1);
		}
	}
}
