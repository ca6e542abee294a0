import { readFileSync, readlinkSync } from 'node:fs';

/** A listening socket that this process was started with. */
export interface InheritedSocket {
	readonly fd: number;
	/** The setting it was opened for by the master that this one is to follow; undefined when the service manager opened it. */
	readonly bind: string | undefined;
}

/** The environment in which one master hands its listeners to the next, beside gunicorn's own GUNICORN_FD: a JSON array of their settings. */
export const BINDS_VARIABLE = 'TSGUNICORN_BINDS';

/** Where systemd's descriptors start. */
const LISTEN_FDS_START = 3;

/**
 * Takes what the environment says of inherited sockets, and removes it from there: `LISTEN_PID` with `LISTEN_FDS` from systemd, or
 * `GUNICORN_FD` from the master that this one was started by.
 * @returns undefined when there are none, so that the addresses are to be bound
 */
export function takeInheritedSockets(env: NodeJS.ProcessEnv = process.env, pid: number = process.pid): InheritedSocket[] | undefined {
	const { LISTEN_PID, LISTEN_FDS, GUNICORN_FD, [BINDS_VARIABLE]: bindsText } = env;
	for (const name of ['GUNICORN_FD', BINDS_VARIABLE]) delete env[name];
	if (Number(LISTEN_PID) === pid) {
		for (const name of ['LISTEN_PID', 'LISTEN_FDS', 'LISTEN_FDNAMES']) delete env[name];
		const count = Number(LISTEN_FDS);
		if (count > 0) return Array.from({ length: count }, (_, index) => ({ fd: LISTEN_FDS_START + index, bind: undefined }));
	}
	if (!GUNICORN_FD) return undefined;
	const binds: readonly (string | null)[] = bindsText ? JSON.parse(bindsText) : [];
	return GUNICORN_FD.split(',').map((fd, index) => ({ fd: Number(fd), bind: binds[index] ?? undefined }));
}

/** The path that a Unix socket is bound to; undefined where the system does not tell. */
export function unixPathOf(fd: number): string | undefined {
	try {
		const inode = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/self/fd/${fd}`))?.[1];
		// The columns before the inode have no blanks; a path may.
		const rows = readFileSync('/proc/net/unix', 'utf8').split('\n');
		return rows.map((row) => /^(?:\S+\s+){6}(\d+) (.+)$/.exec(row)).find((match) => match?.[1] === inode)?.[2];
	} catch {
		// No /proc: the descriptor's number has to do.
		return undefined;
	}
}
