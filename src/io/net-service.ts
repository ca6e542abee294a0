import { connect, createServer, type ListenOptions, type NetConnectOpts, type Server, type ServerOpts } from 'node:net';
import { constants } from 'node:os';
import { ClosedError, TimedOutError } from '../errors.js';
import { type HubRequest, LATER, type Resource, type Service, type ServiceHost } from '../hub/service.js';
import { all, exactly, some, until } from './demand.js';
import { Acceptor, open } from './net-acceptor.js';
import { Connection, STREAM_MARK } from './net-connection.js';
import {
	ACCEPT,
	CLOSE_LISTENER,
	CLOSE_SOCKET,
	CONNECT,
	type ConnectMessage,
	END,
	LISTEN,
	type ListenMessage,
	READ,
	READ_ALL,
	READ_EXACTLY,
	READ_LINE,
	READ_UNTIL,
	RELEASE_SOCKET,
	SET_KEEP_ALIVE,
	SET_NO_DELAY,
	WRITE,
} from './net-messages.js';

/** Node's own default for a listener's queue. */
const BACKLOG = 511;

/** The hub's side of `tsgevent/net`: owns the real sockets and servers. */
export const netService: Service = (host) => {
	host.handle(CONNECT, (request, timeoutMs, options) => startConnecting(host, request, timeoutMs, options));
	host.handle(LISTEN, (request, options) => startListening(host, request, options));
	host.handle(ACCEPT, (request, handle, timeoutMs) => acceptor(host, handle).accept(request, timeoutMs));
	host.handle(CLOSE_LISTENER, (_request, handle) => host.release(handle) as undefined);
	handleReads(host);
	handleWrites(host);
	host.handle(CLOSE_SOCKET, (_request, handle) => host.release(handle) as undefined);
	host.handle(RELEASE_SOCKET, (request, handle) => host.release(handle, request.owner));
	host.handle(SET_NO_DELAY, (_request, handle, on) => whenOpen(host, handle, (socket) => socket.setNoDelay(on !== 0)));
	host.handle(SET_KEEP_ALIVE, (_request, handle, on, delayMs) =>
		whenOpen(host, handle, (socket) => socket.setKeepAlive(on !== 0, delayMs)),
	);
};

function handleReads(host: ServiceHost): void {
	host.handle(READ, (request, handle, timeoutMs, max) => connection(host, handle).read(request, some(max), timeoutMs));
	host.handle(READ_EXACTLY, (request, handle, timeoutMs, count) => connection(host, handle).read(request, exactly(count), timeoutMs));
	host.handle(READ_UNTIL, (request, handle, timeoutMs, maxLength, separator) =>
		connection(host, handle).read(request, until(separator, maxLength, 'up to the separator'), timeoutMs),
	);
	host.handle(READ_LINE, (request, handle, timeoutMs, maxLength, separator) =>
		connection(host, handle).read(request, until(separator, maxLength, 'a line'), timeoutMs),
	);
	host.handle(READ_ALL, (request, handle, timeoutMs, maxLength) => connection(host, handle).read(request, all(maxLength), timeoutMs));
}

function handleWrites(host: ServiceHost): void {
	host.handle(WRITE, (request, handle, timeoutMs, data) => connection(host, handle).write(request, data, timeoutMs));
	host.handle(END, (request, handle, timeoutMs) => connection(host, handle).end(request, timeoutMs));
}

function startConnecting(host: ServiceHost, request: HubRequest, timeoutMs: number, options: ConnectMessage): typeof LATER {
	const settings = { ...options, highWaterMark: STREAM_MARK };
	const socket = connect(settings as NetConnectOpts);
	const timer = timeoutMs < 0 ? undefined : host.timer(timeoutMs, () => socket.destroy(connectTimeout(options, timeoutMs)));
	request.onCancel = () => {
		timer?.cancel();
		socket.destroy();
	};
	socket.once('error', (error) => {
		timer?.cancel();
		request.reject(error);
	});
	socket.once('connect', () => {
		timer?.cancel();
		request.onCancel = undefined;
		const opened = open(host, request, socket);
		if (!request.resolve(opened)) host.release(opened.handle);
	});
	return LATER;
}

/** The error the system gives by itself after minutes, with the fields Node would put on it. */
function connectTimeout(options: ConnectMessage, timeoutMs: number): Error {
	const { host = 'localhost', port, path } = options;
	const error = new TimedOutError(`The attempt to connect to ${path ?? `${host}:${port}`}`, timeoutMs);
	const where = path === undefined ? { address: host, port } : { address: path };
	return Object.assign(error, { errno: -constants.errno.ETIMEDOUT, syscall: 'connect', ...where });
}

function startListening(host: ServiceHost, request: HubRequest, options: ListenMessage): typeof LATER {
	const { allowHalfOpen = true, noDelay, keepAlive, keepAliveInitialDelay, ...where } = options;
	const forConnections = { allowHalfOpen, noDelay, keepAlive, keepAliveInitialDelay };
	const settings = { ...forConnections, pauseOnConnect: true, highWaterMark: STREAM_MARK };
	const server = createServer(settings as ServerOpts);
	const refuse = (error: Error) => request.reject(error);
	server.once('error', refuse);
	server.once('listening', () => {
		server.off('error', refuse);
		hold(host, request, server, options.backlog ?? BACKLOG);
	});
	request.onCancel = () => server.close();
	server.listen({ ...where, exclusive: true } as ListenOptions);
	return LATER;
}

function hold(host: ServiceHost, request: HubRequest, server: Server, backlog: number): void {
	request.onCancel = undefined;
	const listener = new Acceptor(host, server, backlog);
	const handle = host.own(request.owner, listener);
	if (!request.resolve({ handle, address: listener.address })) host.release(handle);
}

function connection(host: ServiceHost, handle: number): Connection {
	return held(host.resource(handle), Connection, 'socket');
}

/** For what is told, not asked: a socket that another greenlet has closed meanwhile needs it no more. */
function whenOpen(host: ServiceHost, handle: number, act: (open: Connection) => void): void {
	const resource = host.resource(handle);
	if (resource instanceof Connection) act(resource);
}

function acceptor(host: ServiceHost, handle: number): Acceptor {
	return held(host.resource(handle), Acceptor, 'listener');
}

function held<R extends Resource>(resource: Resource | undefined, type: abstract new (...args: never[]) => R, what: string): R {
	if (resource instanceof type) return resource;
	throw new ClosedError(`Cannot use this ${what}: it has been closed by another greenlet or with its last holder`);
}
