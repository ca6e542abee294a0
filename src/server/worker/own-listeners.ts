import net from 'node:net';
import type { Log } from '../log/log.js';

/**
 * Has an app that listens by itself cost nothing but a line in the log when the address is in use: every worker, and every thread for
 * greenlets, loads the app, and only one of them can have it. Otherwise each of the others would be replaced, and its successor, too. A
 * server whose errors the app hears by itself is left alone. For the rest of the life of this thread, which must not do so twice.
 */
export function tolerateOwnListeners(log: Log): void {
	const { listen } = net.Server.prototype;
	const known = new WeakSet<net.Server>();
	const tolerant = function (this: net.Server, ...args: unknown[]): unknown {
		if (!known.has(this)) this.on('error', (error) => complain(this, error, log));
		known.add(this);
		return Reflect.apply(listen, this, args);
	};
	net.Server.prototype.listen = tolerant as typeof listen;
}

function complain(server: net.Server, error: Error, log: Log): void {
	if (server.listenerCount('error') > 1) return;
	const { code, address, port } = error as NodeJS.ErrnoException & { readonly address?: string; readonly port?: number };
	if (code !== 'EADDRINUSE') throw error;
	const where = port === undefined || port < 0 ? address : `${address}:${port}`;
	log.warning(
		`The app listens by itself at ${where}, where another worker or thread that has loaded it, or somebody else, does already. Let it export ` +
			`its handler, and leave listening to this server (pid: ${process.pid})`,
	);
}
