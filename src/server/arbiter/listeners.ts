import { spawnSync } from 'node:child_process';
import { lookup } from 'node:dns/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { HaltServer } from '../../errors.js';
import { type BindAddress, describeBind, parseBind } from '../config/bind-address.js';
import type { Log } from '../log/log.js';
import type { ListenerSpec } from '../worker/worker-contract.js';
import { FURTHER_LISTENERS_FD } from '../worker/worker-protocol.js';
import { type InheritedSocket, unixPathOf } from './inherited-sockets.js';
import { bindTcp, boundName, knowsReusePort, openHandle, type ServerHandle, systemError } from './server-handle.js';
import { bindPath, type UnixPathSettings, unlinker } from './unix-path.js';

/** A listening socket that the arbiter holds for its workers and never accepts on. */
export interface Listener {
	/** As logged: `http://127.0.0.1:8000`, with the real port, or `unix:/run/app.sock`. */
	readonly address: string;
	/** For handing it to a worker or to the next master. With `own` it is bound, which keeps the port, but does not listen. */
	readonly handle: ServerHandle;
	/** The setting it was made for; undefined for a socket of the service manager's, which stays whatever the settings say. */
	readonly bind: string | undefined;
	/** With `reuse_port`: where each worker binds a socket of its own. */
	readonly own?: { readonly host: string; readonly port: number };
	/** Lets go of the socket, and removes the path of a Unix socket while that is still ours and nobody else's; no harm when done twice. */
	close(): void;
}

/** The settings that listeners are made by. */
export interface ListenSettings extends UnixPathSettings {
	/** gunicorn's forms of an address. */
	readonly bind: readonly string[];
	/** Connections that the kernel keeps waiting, for each address. */
	readonly backlog: number;
	/** Whether each worker binds TCP addresses by itself. */
	readonly reuse_port?: boolean;
}

/** What listening depends on besides the settings. */
export interface ListenOptions {
	/** Sockets that this process was started with; they stand in for `bind`. */
	readonly inherited?: readonly InheritedSocket[] | undefined;
	/** Whether paths of Unix sockets may go when their listener is closed: not while another master serves them. Default: yes. */
	readonly mayUnlink?: () => boolean;
	/** How long to wait before an address is tried again, in milliseconds. Default: 1 s. */
	readonly retryMs?: number;
	/** Ends the waiting: the server is to stop. */
	readonly signal?: AbortSignal;
}

/** How often an address is tried before the server gives up, as gunicorn does. */
const ATTEMPTS = 5;
const RETRY_MS = 1_000;

/**
 * Binds the addresses and makes them listen: connections queue in the kernel from then on, also while no worker lives. An address
 * that cannot be had is tried five times.
 * @throws HaltServer with exit status 1 when an address cannot be had, never takes another one instead; with 0 when told to stop meanwhile
 */
export async function createListeners(settings: ListenSettings, log: Log, options: ListenOptions = {}): Promise<Listener[]> {
	if (settings.reuse_port && !knowsReusePort())
		throw new HaltServer(`Cannot use reuse_port: Node 22.12 or 23.1 is needed, this is ${process.versions.node}`, 1);
	const wanted: Wanted[] = options.inherited
		? options.inherited.map(({ fd, bind }) => ({ bind, address: { kind: 'fd', fd } }))
		: settings.bind.map((bind) => ({ bind, address: parseBind(bind) }));
	return listenAll(wanted, settings, log, options);
}

/**
 * Listens where new settings say: sockets whose address stays, and those of the service manager, are kept as they are. Those that are no
 * longer wanted are closed once all others are there; workers that have them may go on with them.
 * @throws HaltServer as `createListeners` does, with nothing changed
 */
export async function rebind(
	current: readonly Listener[],
	settings: ListenSettings,
	log: Log,
	options: Omit<ListenOptions, 'inherited'> = {},
): Promise<Listener[]> {
	const unchanged = settings.bind.join('\n') === current.map(({ bind }) => bind).join('\n');
	if (unchanged || current.some(({ bind }) => bind === undefined)) return [...current];
	const kept = new Map(current.map((listener) => [listener.bind, listener]));
	const added = await createListeners({ ...settings, bind: settings.bind.filter((bind) => !kept.has(bind)) }, log, options);
	for (const listener of current) if (!settings.bind.includes(listener.bind ?? '')) listener.close();
	return settings.bind.map((bind) => kept.get(bind) ?? (added.find((listener) => listener.bind === bind) as Listener));
}

/** How listeners reach a worker. */
export interface ListenerLayout {
	/** What the worker is told of each, in the order of the settings. */
	readonly specs: readonly ListenerSpec[];
	/** To be sent to the worker, where it becomes descriptor 0; undefined when the worker binds everything by itself. */
	readonly first: ServerHandle | undefined;
	/** To be inherited as the descriptors from `FURTHER_LISTENERS_FD` on. */
	readonly further: readonly number[];
}

/** Says which descriptor each listener becomes in a worker; those that a worker binds by itself need none. */
export function layOut(listeners: readonly Listener[]): ListenerLayout {
	const shared = listeners.filter(({ own }) => !own);
	const specs = listeners.map((listener) => {
		const { address, own } = listener;
		const index = shared.indexOf(listener);
		return own ? { fd: -1, address, own } : { fd: index === 0 ? 0 : FURTHER_LISTENERS_FD + index - 1, address };
	});
	return { specs, first: shared[0]?.handle, further: shared.slice(1).map(({ handle }) => handle.fd) };
}

interface Wanted {
	readonly bind: string | undefined;
	readonly address: BindAddress;
}

async function listenAll(wanted: readonly Wanted[], settings: ListenSettings, log: Log, options: ListenOptions): Promise<Listener[]> {
	const made = new Map<Wanted, Listener>();
	try {
		for (let left = ATTEMPTS; ; ) {
			const failures = await attempt(
				wanted.filter((one) => !made.has(one)),
				made,
				settings,
				options,
			);
			for (const [{ address }, error] of failures) log.error(describeFailure(describeBind(address), error));
			const [failed] = failures.keys();
			if (!failed) return wanted.map((one) => made.get(one) as Listener);
			if (--left === 0) throw new HaltServer(`Can't connect to ${describeBind(failed.address)}`, 1, { cause: failures.get(failed) });
			log.info('Retrying in 1 second.');
			await delay(options.retryMs ?? RETRY_MS, undefined, { ...(options.signal && { signal: options.signal }) }).catch((cause) => {
				throw new HaltServer(`Told to stop while waiting for ${describeBind(failed.address)}`, 0, { cause });
			});
		}
	} catch (error) {
		for (const listener of made.values()) listener.close();
		throw error;
	}
}

/** Tries each of `missing` once; adds those that listen to `made` and returns why the others do not. */
async function attempt(
	missing: readonly Wanted[],
	made: Map<Wanted, Listener>,
	settings: ListenSettings,
	options: ListenOptions,
): Promise<Map<Wanted, Error>> {
	const failures = new Map<Wanted, Error>();
	const bound = new Map<Wanted, Listener>();
	for (const one of missing) {
		try {
			const listener = await open(one, settings, options);
			made.set(one, listener);
			if (!listener.own) bound.set(one, listener);
		} catch (error) {
			if (error instanceof HaltServer || !(error instanceof Error)) throw error;
			failures.set(one, error);
		}
	}
	// The kernel may refuse only now what two servers have bound at the same time.
	const errors = startListening([...bound.values()], settings.backlog);
	for (const [index, [one, listener]] of [...bound].entries()) {
		const errno = errors[index] ?? 0;
		if (errno === 0) continue;
		made.delete(one);
		listener.close();
		failures.set(one, systemError('listen', errno));
	}
	return failures;
}

function describeFailure(address: string, error: Error): string {
	const { code } = error as NodeJS.ErrnoException;
	if (code === 'EADDRINUSE') return `Connection in use: ${address}`;
	if (code === 'EADDRNOTAVAIL') return `Invalid address: ${address}`;
	return `Cannot listen at ${address}: ${error.message}`;
}

async function open({ bind, address }: Wanted, settings: ListenSettings, options: ListenOptions): Promise<Listener> {
	switch (address.kind) {
		case 'tcp':
			return openTcp(bind, address.host, address.port, settings.reuse_port ?? false);
		case 'unix': {
			const handle = await bindPath(address.path, settings);
			return unixListener(bind, address.path, handle, options);
		}
		case 'fd':
			return openInherited(bind, address.fd, settings, options);
	}
}

async function openTcp(bind: string | undefined, host: string, port: number, reusePort: boolean): Promise<Listener> {
	// A name may mean both ::1 and 127.0.0.1; gunicorn takes the IPv4 one.
	const found = await lookup(host, { all: true });
	const ip = (found.find(({ family }) => family === 4) ?? found[0])?.address ?? host;
	const handle = bindTcp(ip, port, reusePort);
	try {
		return tcpListener(bind, host, ip, handle, reusePort);
	} catch (error) {
		handle.close();
		throw error;
	}
}

function tcpListener(bind: string | undefined, shownHost: string, ip: string, handle: ServerHandle, reusePort: boolean): Listener {
	const { port = 0 } = boundName(handle) ?? {};
	const address = describeBind({ kind: 'tcp', host: shownHost, port });
	return { address, handle, bind, close: () => handle.close(), ...(reusePort && { own: { host: ip, port } }) };
}

function unixListener(bind: string | undefined, path: string, handle: ServerHandle, { mayUnlink }: ListenOptions): Listener {
	const unlink = unlinker(path);
	let closed = false;
	const close = () => {
		if (closed) return;
		closed = true;
		handle.close();
		if (mayUnlink?.() ?? true) unlink();
	};
	return { address: `unix:${path}`, handle, bind, close };
}

/** A descriptor named by the settings, by the service manager, or by the master before this one. */
function openInherited(bind: string | undefined, fd: number, settings: ListenSettings, options: ListenOptions): Listener {
	const handle = openSocket(fd);
	const before = bind === undefined ? undefined : parseBind(bind);
	const name = boundName(handle);
	if (name) {
		const reusePort = (settings.reuse_port ?? false) && before?.kind === 'tcp';
		return tcpListener(bind, before?.kind === 'tcp' ? before.host : name.host, name.host, handle, reusePort);
	}
	if (before?.kind === 'unix') return unixListener(bind, before.path, handle, options);
	// Somebody else's path, which somebody else removes.
	const path = unixPathOf(fd);
	return { address: path === undefined ? `fd://${fd}` : `unix:${path}`, handle, bind, close: () => handle.close() };
}

function openSocket(fd: number): ServerHandle {
	try {
		return openHandle(fd);
	} catch (cause) {
		throw new HaltServer(`Cannot listen at fd://${fd}: no socket was inherited as this descriptor`, 1, { cause });
	}
}

/**
 * Listening is left to a process that ends before it could accept; the sockets' state is shared with it, its event loop is not.
 * @returns the error number of each, 0 for none
 */
function startListening(listeners: readonly Listener[], backlog: number): readonly number[] {
	if (listeners.length === 0) return [];
	const script = fileURLToPath(new URL('./listen-child.js', import.meta.url));
	const { NODE_OPTIONS: _, ...env } = process.env;
	const { stdout, status, error } = spawnSync(process.execPath, [script, String(backlog), String(listeners.length)], {
		stdio: ['ignore', 'pipe', 'inherit', ...listeners.map(({ handle }) => handle.fd)],
		env,
		encoding: 'utf8',
	});
	if (status !== 0) throw new HaltServer(`Cannot listen: the process that does it ended with ${error?.message ?? `status ${status}`}`, 1);
	return JSON.parse(stdout);
}
