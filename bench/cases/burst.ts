/**
 * `burst.js SERVER`: milliseconds until 64 requests of 50 ms, each on a connection of its own, are answered by 4 warm workers with 16
 * greenlets each; SERVER is `gevent` or `gunicorn`.
 */
import { once } from 'node:events';
import net from 'node:net';
import { fileURLToPath } from 'node:url';
import { median } from '../report.js';
import { report } from './rate.js';
import { BenchServer } from './server.js';
import { warmUp } from './warm-up.js';

const REQUESTS = 64;
const ROUNDS = 15;

const four = ['--workers', '4', '--worker-connections', '16'];
const app = fileURLToPath(new URL('../apps/blocking.js', import.meta.url));
await using server =
	process.argv[2] === 'gunicorn' ? BenchServer.gunicorn('sleepy', ...four) : BenchServer.gevent(...four, `${app}:sleepy`);
const { port } = new URL(await server.url());
await warmUp(burst);
const times: number[] = [];
for (let round = 0; round < ROUNDS; round++) times.push(await burst());
report(median(times));

async function burst(): Promise<number> {
	const startedAt = performance.now();
	await Promise.all(Array.from({ length: REQUESTS }, ask));
	return performance.now() - startedAt;
}

async function ask(): Promise<void> {
	const socket = net.connect(Number(port), '127.0.0.1').setEncoding('latin1');
	let answer = '';
	socket.on('data', (text: string) => {
		answer += text;
	});
	socket.write('GET / HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n');
	await once(socket, 'end');
	if (!/^HTTP\/1\.1 200 [\s\S]*Hello, world\n/.test(answer)) throw new Error(`Cannot use this run: ${answer}`);
}
