import assert from 'node:assert/strict';
import { test } from 'node:test';
import { linesOf } from '../support/program.js';

const ROUNDS = 100_000;

test('kill, timeout and completion meet 100,000 times, and each time exactly one wins', async (t) => {
	const seed = Number(process.env.TSGEVENT_SEED ?? Date.now() % 1_000_000);
	t.diagnostic(`TSGEVENT_SEED=${seed}`);
	const [tally] = (await linesOf('node', 'faults/race.mjs', String(ROUNDS), String(seed))) as [Record<string, number>];
	t.diagnostic(JSON.stringify(tally));
	const { rounds = 0, kills = 0, completed = 0, timedOut = 0, killed = 0, late = 0, ...stray } = tally;
	assert.deepEqual(Object.keys(stray), ['seed']);
	assert.equal(completed + timedOut + killed, rounds, 'one winner a round');
	assert.equal(killed + late, kills, 'no kill is lost, none comes twice');
	assert.ok(Math.min(completed, timedOut, killed) > 0, 'they did meet');
});
