/** `at-once.js COUNT`: milliseconds until COUNT requests at once to the app of `npm start` are all answered, on a warm pool. */
import { fileURLToPath } from 'node:url';
import { median } from '../report.js';
import { report } from './rate.js';
import { BenchServer } from './server.js';
import { warmUp } from './warm-up.js';

/** What the pool is warmed up with. */
const MOST = 64;
const ROUNDS = 9;

const count = Number(process.argv[2]);
const app = fileURLToPath(new URL('../../../examples/blocking-app.js', import.meta.url));

await using server = BenchServer.gevent('--workers', '2', `${app}:handler`);
const url = await server.url();
await warmUp(() => timed(MOST));
const times: number[] = [];
for (let round = 0; round < ROUNDS; round++) times.push(await timed(count));
report(median(times));

async function timed(requests: number): Promise<number> {
	const startedAt = performance.now();
	await Promise.all(Array.from({ length: requests }, ask));
	return performance.now() - startedAt;
}

async function ask(): Promise<void> {
	const response = await fetch(url);
	if (response.status !== 200) throw new Error(`Cannot use this run: ${response.status} ${await response.text()}`);
	await response.arrayBuffer();
}
