import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from '../../support/background.js';
import { projectPath } from '../../support/project.js';
import { Random } from '../../support/random.js';
import { RawClient, TestServer } from '../../support/server.js';

const WORKER = projectPath('dist/test/fixtures/figures-worker.js');
const APP = `${projectPath('dist/test/fixtures/endings-app.js')}:handler`;
const WAYS = ['block', 'stubborn', 'stream', 'on', 'await', 'body', 'throw', 'cut'];

const TIMEOUT_MS = 60;
const CLIENTS = 150;
const AT_ONCE = 15;

/** One client: up to three requests at once on one connection, and then it stays or leaves. */
async function visit(port: number, random: Random, nextId: () => number): Promise<void> {
	const client = await RawClient.connect(port);
	for (let left = 1 + random.below(3); left > 0; left--) {
		const way = WAYS[Math.floor(random.below(WAYS.length))] as string;
		const size = way === 'body' ? 10 : 0;
		const last = left <= 1 ? 'Connection: close\r\n' : '';
		const ms = Math.floor(random.below(2 * TIMEOUT_MS));
		const head = `POST /${way}?${nextId()}-${ms} HTTP/1.1\r\nContent-Length: ${size}\r\n${last}\r\n`;
		// Some bodies come late, or never.
		client.socket.write(size > 0 && random.once(2) ? head : head + 'x'.repeat(size));
	}
	if (random.once(2)) {
		await delay(random.below(2 * TIMEOUT_MS));
		if (random.once(2)) client.socket.resetAndDestroy();
		else client.socket.destroy();
	}
	// Whoever stays is answered, or cut off where a response had begun or a body is missing.
	await client.end().catch(() => undefined);
}

/** How often each number follows `word`. */
function tally(text: string, word: string): Map<number, number> {
	const counts = new Map<number, number>();
	for (const [, id] of text.matchAll(new RegExp(`${word}(\\d+)\\b`, 'g'))) counts.set(Number(id), (counts.get(Number(id)) ?? 0) + 1);
	return counts;
}

async function settled(server: TestServer): Promise<void> {
	for (let asked = 1; ; asked++) {
		process.kill(server.workerPids[0] as number, 'SIGUSR1');
		const [, figures] = await server.logged(/Figures: (.*)\n/, asked);
		if (figures === 'busy 0, queued 0, connections 0') return;
		assert.ok(asked < 500, `still ${figures}`);
		await delay(50);
	}
}

test('However a request ends, it ends once and gives its place back', async (t) => {
	const random = new Random();
	t.diagnostic(`seed ${random.seed}`);
	await using server = new TestServer((folder) => [
		...['-k', WORKER, '--worker-connections', '4', '--max-queued-requests', '6', '-b', '127.0.0.1:0'],
		...['--request-timeout', String(TIMEOUT_MS / 1_000), '--body-timeout', '1'],
		...['--access-logfile', `${folder}/access`, '--access-logformat', '%(q)s %(s)s', APP],
	]);
	const port = await server.port();
	let id = 0;
	const visits = async (own: Random) => {
		for (let round = 0; round < CLIENTS / AT_ONCE; round++) await visit(port, own, () => id++);
	};
	await Promise.all(Array.from({ length: AT_ONCE }, () => visits(new Random(random.below(2 ** 32)))));
	await settled(server);
	// All four places at once; 503 where a machine is too slow for the time that they have.
	await eventually('four answers', async () => {
		const answers = await Promise.all(Array.from({ length: 4 }, () => server.get(`/block?${id++}-0`)));
		return answers.every(({ body }) => body === 'blocked');
	});
	server.kill('SIGTERM');
	assert.equal(await server.exitStatus(), 0);
	assert.doesNotMatch(server.log, /graceful timeout|CRITICAL/);
	const access = readFileSync(join(server.folder, 'access'), 'utf8');
	const recorded = tally(`\n${access}`, '\\n');
	const ended = tally(server.log, 'end ');
	for (const [number, times] of recorded) assert.equal(times, 1, `request ${number} was recorded ${times} times`);
	for (const [number, times] of tally(server.log, 'begin ')) {
		assert.equal(times, 1, `request ${number} began ${times} times`);
		assert.equal(ended.get(number), 1, `request ${number} ended ${ended.get(number)} times`);
		assert.equal(recorded.get(number), 1, `request ${number} was recorded ${recorded.get(number)} times`);
	}
});
