import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import { Random } from './random.js';

/** The ports that the kernel hands out begin here, unless it says otherwise. */
const USUAL_FIRST = 32_768;
const LOWEST = 20_000;

/**
 * A free port of the loopback that nobody gets by asking for just any: it stays free for as long as a test wants it to be, while other
 * tests run.
 */
export async function quietPort(): Promise<number> {
	const random = new Random();
	for (;;) {
		const port = LOWEST + Math.floor(random.below(firstOfTheKernel() - LOWEST));
		const server = net.createServer();
		const free = once(server, 'listening').then(
			() => true,
			() => false,
		);
		server.listen(port, '127.0.0.1');
		if (!(await free)) continue;
		server.close();
		await once(server, 'close');
		return port;
	}
}

function firstOfTheKernel(): number {
	if (process.platform !== 'linux') return USUAL_FIRST;
	const first = Number(readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').split('\t')[0]);
	return first > LOWEST ? first : USUAL_FIRST;
}
