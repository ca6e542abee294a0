import { chownSync, lstatSync, unlinkSync } from 'node:fs';
import net from 'node:net';
import { constants } from 'node:os';
import { resolve } from 'node:path';
import { HaltServer } from '../../errors.js';
import { type AccountSettings, resolveAccount } from '../worker/account.js';
import { bindUnix, type ServerHandle, systemError } from './server-handle.js';

/** What the path of a socket is made with. */
export interface UnixPathSettings extends AccountSettings {
	/** The bits that the socket's file is not to have; gunicorn's default of 0 lets any user connect, such as the proxy's. */
	readonly umask?: number;
}

/**
 * Binds a path, in place of a socket that nobody serves any more. The socket's file belongs to the workers' user and group.
 * @throws HaltServer with exit status 1 when another kind of file is in the way
 * @throws Node's system error, `EADDRINUSE` when somebody serves the path
 */
export async function bindPath(path: string, settings: UnixPathSettings): Promise<ServerHandle> {
	await removeStaleSocket(path);
	const umask = process.umask(settings.umask ?? 0);
	try {
		const handle = bindUnix(path);
		const { uid, gid } = resolveAccount(settings);
		if (uid !== undefined || gid !== undefined) chownSync(path, uid ?? -1, gid ?? -1);
		return handle;
	} finally {
		process.umask(umask);
	}
}

/** Returns a function that removes the path unless it is another socket's by then. */
export function unlinker(path: string): () => void {
	// The current directory may be another one by then.
	const absolute = resolve(path);
	const found = lstatSync(absolute, { throwIfNoEntry: false });
	return () => {
		const now = lstatSync(absolute, { throwIfNoEntry: false });
		if (now && now.dev === found?.dev && now.ino === found.ino) unlinkSync(absolute);
	};
}

async function removeStaleSocket(path: string): Promise<void> {
	const stats = lstatSync(path, { throwIfNoEntry: false });
	if (!stats) return;
	if (!stats.isSocket()) throw new HaltServer(`Cannot listen at unix:${path}: a file that is not a socket is in the way`, 1);
	if (await answers(path)) throw systemError('bind', -constants.errno.EADDRINUSE);
	unlinkSync(path);
}

function answers(path: string): Promise<boolean> {
	return new Promise((resolve) => {
		const probe = net.connect(path, () => {
			probe.destroy();
			resolve(true);
		});
		// A full backlog is somebody's, too.
		probe.once('error', ({ code }: NodeJS.ErrnoException) => resolve(code === 'EAGAIN'));
	});
}
