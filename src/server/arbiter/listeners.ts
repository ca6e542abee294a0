import { spawnSync } from 'node:child_process';
import { lookup } from 'node:dns/promises';
import { lstatSync, unlinkSync } from 'node:fs';
import net from 'node:net';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';
import { HaltServer } from '../../errors.js';
import { type BindAddress, describeBind, parseBind } from '../config/bind-address.js';
import { bindTcp, bindUnix, boundPort, type ServerHandle, systemError } from './server-handle.js';

/** A listening socket that the arbiter holds for its workers and never accepts on. */
export interface Listener {
	/** As logged: `http://127.0.0.1:8000`, with the real port, or `unix:/run/app.sock`. */
	readonly address: string;
	/** For handing it to a worker over IPC. */
	readonly handle: ServerHandle;
	/** Lets go of the socket and removes the path of a Unix socket while that is still ours. */
	close(): void;
}

/**
 * Binds the addresses and makes them listen: connections queue in the kernel from then on, also while no worker lives.
 * @param binds gunicorn's forms of an address
 * @param backlog connections that the kernel keeps waiting, for each address
 * @throws HaltServer with exit status 1 when an address cannot be had; never takes another one instead
 */
export async function createListeners(binds: readonly string[], backlog: number): Promise<Listener[]> {
	const listeners: Listener[] = [];
	try {
		for (const text of binds) listeners.push(await bound(parseBind(text)));
		startListening(listeners, backlog);
		return listeners;
	} catch (error) {
		for (const listener of listeners) listener.close();
		throw error;
	}
}

async function bound(address: BindAddress): Promise<Listener> {
	try {
		return address.kind === 'unix' ? await boundUnix(address.path) : await boundTcp(address.host, address.port);
	} catch (error) {
		throw cannotListen(describeBind(address), error);
	}
}

function cannotListen(address: string, cause: unknown): HaltServer {
	if (cause instanceof HaltServer || !(cause instanceof Error)) throw cause;
	const code = (cause as NodeJS.ErrnoException).code;
	const why = code === 'EADDRINUSE' ? 'the address is already in use (EADDRINUSE)' : cause.message;
	return new HaltServer(`Cannot listen at ${address}: ${why}`, 1, { cause });
}

async function boundTcp(host: string, port: number): Promise<Listener> {
	// A name may mean both ::1 and 127.0.0.1; gunicorn takes the IPv4 one.
	const found = await lookup(host, { all: true });
	const address = (found.find(({ family }) => family === 4) ?? found[0])?.address ?? host;
	const handle = bindTcp(address, port);
	return { address: describeBind({ kind: 'tcp', host, port: boundPort(handle) }), handle, close: () => handle.close() };
}

async function boundUnix(path: string): Promise<Listener> {
	await removeStaleSocket(path);
	// As gunicorn's default `umask` of 0: any user, such as the proxy's, may connect.
	const umask = process.umask(0);
	try {
		const handle = bindUnix(path);
		const { dev, ino } = lstatSync(path);
		// The handle is left open: closing it would unlink the path even if it is another server's by now.
		const close = () => {
			const now = lstatSync(path, { throwIfNoEntry: false });
			if (now?.dev === dev && now.ino === ino) unlinkSync(path);
		};
		return { address: `unix:${path}`, handle, close };
	} finally {
		process.umask(umask);
	}
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
		probe.once('error', () => resolve(false));
	});
}

/** Listening is left to a process that ends before it could accept; the sockets' state is shared with it, its event loop is not. */
function startListening(listeners: readonly Listener[], backlog: number): void {
	const script = fileURLToPath(new URL('./listen-child.js', import.meta.url));
	const { NODE_OPTIONS: _, ...env } = process.env;
	const { stdout, status } = spawnSync(process.execPath, [script, String(backlog), String(listeners.length)], {
		stdio: ['ignore', 'pipe', 'inherit', ...listeners.map(({ handle }) => handle.fd)],
		env,
		encoding: 'utf8',
	});
	if (status !== 0) throw new HaltServer(`Cannot listen: the helper process ended with status ${status}`, 1);
	if (stdout === '') return;
	const [index = 0, errno = 0] = stdout.split(' ').map(Number);
	throw cannotListen(listeners[index]?.address ?? '', systemError('listen', errno));
}
