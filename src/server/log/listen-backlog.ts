import { readFileSync } from 'node:fs';

const LISTENING = '0A';

/**
 * How many connections wait in the kernel for a worker, for `gunicorn.backlog`. Linux shows it as the receive queue of a listening
 * socket; Unix sockets are not counted.
 * @param ports the TCP ports that this server listens on
 * @returns undefined where it cannot be known
 */
export function listenBacklog(ports: readonly number[]): number | undefined {
	if (process.platform !== 'linux' || ports.length === 0) return undefined;
	const tables = ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((path) => {
		try {
			return [readFileSync(path, 'latin1')];
		} catch {
			// Without IPv6, or without a /proc: there is nothing to count in it.
			return [];
		}
	});
	return tables.length === 0 ? undefined : sumBacklog(tables.join('\n'), ports);
}

/** @param table lines of `/proc/net/tcp`: number, local address, remote address, state, `SENDING:RECEIVED`, ... in hexadecimal */
export function sumBacklog(table: string, ports: readonly number[]): number {
	let sum = 0;
	for (const line of table.split('\n')) {
		const [, local, , state, queues] = line.trim().split(/\s+/, 5);
		if (state !== LISTENING || !local || !queues) continue;
		if (ports.includes(Number.parseInt(local.slice(local.lastIndexOf(':') + 1), 16))) sum += Number.parseInt(queues.slice(9), 16);
	}
	return sum;
}
