import assert from 'node:assert/strict';
import { totalmem } from 'node:os';
import { test } from 'node:test';
import { makeConfig } from '../../../src/server/config/config.js';
import { budgetLine, checkBudget, greenletMb, greenletsOf } from '../../../src/server/worker/budget.js';

const MB = greenletMb();
/** Room for ten greenlets in each of two workers. */
const ROOM = { workers: 2, worker_class: 'gevent', memory_budget: Math.ceil(20 * MB) };

test('A greenlet counts as many MB as were measured on this line of Node', () => {
	assert.deepEqual(
		['20.19.0', '24.0.0', '26.1.0'].map((version) => greenletMb(version)),
		[12.1, 13, 13],
	);
});

test('The default number of greenlets is what fits into the budget, and the sum is printed', () => {
	const config = makeConfig(ROOM);
	assert.equal(greenletsOf(config), 10);
	checkBudget(config);
	const sum = Math.ceil(20 * MB);
	assert.equal(
		budgetLine(config),
		`Greenlets: 2 workers x 10 greenlets x ${MB} MB = ${sum} MB at most, of a memory budget of ${ROOM.memory_budget} MB`,
	);
});

test('Without a budget it is most of the memory of the machine or of its control group', () => {
	const most = Number(/budget of (\d+) MB/.exec(budgetLine(makeConfig({ worker_class: 'gevent' })) ?? '')?.[1]);
	assert.ok(most > 0 && most <= (0.8 * totalmem()) / 1024 ** 2, `${most} MB`);
});

test('There is always one greenlet, however small the budget', () => {
	assert.equal(greenletsOf(makeConfig({ ...ROOM, memory_budget: 1 })), 1);
	checkBudget(makeConfig({ ...ROOM, memory_budget: 1, worker_connections: 1 }));
});

for (const [worker_class, setting, flag] of [
	['gevent', 'worker_connections', '--worker-connections'],
	['eventlet', 'worker_connections', '--worker-connections'],
	['gthread', 'threads', '--threads'],
	['sync', 'threads', '--threads'],
] as const) {
	test(`${flag} for ${worker_class} that the budget has no room for is refused with the sum`, () => {
		checkBudget(makeConfig({ ...ROOM, worker_class, [setting]: 10 }));
		assert.throws(() => checkBudget(makeConfig({ ...ROOM, worker_class, [setting]: 11 })), {
			code: 'ERR_CONFIG',
			message: `Cannot use ${flag} 11: 2 workers x 11 greenlets x ${MB} MB = ${Math.ceil(22 * MB)} MB are more than the ${ROOM.memory_budget} MB that --memory-budget allows; ${flag} 10 fits`,
		});
	});
}

test('Classes without greenlets to count have no budget', () => {
	for (const worker_class of ['sync', 'async', 'asgi', './own-worker.js']) {
		const config = makeConfig({ ...ROOM, worker_class, worker_connections: 100_000 });
		checkBudget(config);
		assert.equal(budgetLine(config), undefined);
	}
});
