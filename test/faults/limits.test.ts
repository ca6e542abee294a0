import assert from 'node:assert/strict';
import { test } from 'node:test';
import { linesOf } from '../support/program.js';

const GREENLETS = 1_024;

test('the limit of spawnWith, kill and the end of a greenlet meet 1,024 times, and each time exactly one wins', async (t) => {
	const seed = Number(process.env.TSGEVENT_SEED ?? Date.now() % 1_000_000);
	t.diagnostic(`TSGEVENT_SEED=${seed}`);
	const [tally] = (await linesOf('node', 'faults/limits.js', String(GREENLETS), String(seed))) as [Record<string, number>];
	t.diagnostic(JSON.stringify(tally));
	const { completed = 0, ERR_TIMEOUT: timedOut = 0, ERR_GREENLET_EXIT: killed = 0, 'went on': wentOn = 0, ...stray } = tally;
	assert.deepEqual(stray, {});
	assert.equal(completed + timedOut + killed + wentOn, GREENLETS, 'one end each');
	assert.ok(Math.min(completed, timedOut, killed, wentOn) > 0, 'they did meet');
});
