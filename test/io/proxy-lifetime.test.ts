/** Who holds what is used through proxies, and what becomes of it when greenlets end, are killed, or run out of time. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { SERVICE } from '../../src/engine/core-operations.js';
import { block } from '../../src/engine/engine.js';
import { configure, GreenletExit, joinAll, sleep, spawn, spawnWith, Timeout, withTimeout } from '../../src/index.js';
import { releaseProxy } from '../../src/io/proxy.js';
import { ObjectRef, receivers } from '../../src/io/proxy-messages.js';
import { HELD } from '../fixtures/proxy-count-service.js';
import { library, proxyTasks, type RemoteClient } from '../fixtures/proxy-tasks.js';
import { Random } from '../support/random.js';
import { thrown } from '../support/thrown.js';

configure({ allowMainCallbacks: true });

const { Client, shared } = library;
const SERVICE_URL = new URL('../fixtures/proxy-count-service.js', import.meta.url).href;

/** How many resources the hub holds. */
function held(): number {
	block(SERVICE, SERVICE_URL);
	return block(HELD);
}

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Lets the hub go on until `done`; the test's own deadline ends a wait for what never comes. */
function until(done: () => boolean): void {
	while (!done()) sleep(1);
}

function untilTagged(client: RemoteClient, tag: string): void {
	until(() => client.tag === tag);
}

// What this thread's own greenlet needs for its calls is held from here on.
library.echo(1);
held();

describe('An object', () => {
	test('is held until it is released', () => {
		const before = held();
		const clients = Array.from({ length: 5 }, (_, index) => new Client({ host: String(index) }));
		assert.equal(held(), before + 5);
		for (const client of clients) client[releaseProxy]();
		assert.equal(held(), before);
		{
			using result = shared.query('q', [1]);
			assert.equal(result.count(), 1);
			assert.equal(held(), before + 1);
		}
		assert.equal(held(), before);
	});

	test('is released when it is found to be garbage, at the next call', async () => {
		const before = held();
		(() => {
			for (let i = 0; i < 50; i++) new Client({ host: String(i) }).query('q', [1]);
		})();
		assert.equal(held(), before + 100);
		for (let now = before + 100; now > before; now = held()) {
			await turn();
			collect();
			await turn();
			library.echo(1);
		}
	});

	test('is let go of when its greenlet has ended, and lives on where it was sent', () => {
		const before = held();
		assert.equal(spawn(proxyTasks.litter, 20).get(), 'shared');
		until(() => held() === before);
		const client = spawn(proxyTasks.makeClient, 'sent').get() as unknown as RemoteClient;
		assert.equal(client.options.host, 'sent');
		assert.equal(spawn(proxyTasks.nameOf, client as never).get(), 'sent');
		assert.equal(client.options.host, 'sent');
		client[releaseProxy]();
	});

	test('that is gone says so', () => {
		const gone = receivers.proxy?.(new ObjectRef(2 ** 30, [], undefined)) as RemoteClient;
		const error = thrown(() => gone.options);
		assert.equal(error.code, 'ERR_CLOSED');
		assert.match(error.message, /^Cannot use the proxy: its object was released, or the greenlet that held it has ended/);
		assert.match(error.stack ?? '', /^.*\n {4}at .*proxy-lifetime\.test\.js/);
	});

	test('that comes twice is one proxy', () => {
		const greenlet = spawn(proxyTasks.makeClient, 'sent');
		const [one, other] = [greenlet.get(), greenlet.get()] as unknown as [RemoteClient, RemoteClient];
		assert.equal(one, other);
		one[releaseProxy]();
		assert.equal(thrown(() => other.options).code, 'ERR_CLOSED');
	});

	test('of an iteration is let go of at its end and when it is left', () => {
		const before = held();
		assert.equal([...shared.items(3)].length, 3);
		for (const { index } of shared.items(9)) if (index === 2) break;
		// The generator itself was a result, and stays until it is garbage.
		assert.equal(held(), before + 2);
		assert.equal(library.iterations(), 0);
	});
});

describe('A greenlet that is parked in a proxy', () => {
	test('is killed as in any other blocking call, and leaves nothing behind', () => {
		using client = new Client({ host: 'h' });
		const before = held();
		const runs = Array.from({ length: 3 }, () => spawn(proxyTasks.stay, client as never));
		untilTagged(client, 'parked');
		for (const greenlet of runs) greenlet.kill();
		for (const greenlet of runs) assert.ok((greenlet.get() as unknown) instanceof GreenletExit);
		until(() => held() === before);
	});

	test('runs out of time, and the late result is dropped', () => {
		using client = new Client({ host: 'h' });
		const before = held();
		const limit = new Timeout(5);
		const caught = thrown(() => {
			limit.start();
			library.late(40);
		});
		assert.equal(caught, limit);
		assert.equal(
			withTimeout(5, () => library.late(40).count(), { value: -1 }),
			-1,
		);
		const killed = spawn(proxyTasks.lateResult, 30, client as never);
		untilTagged(client, 'asked');
		killed.kill();
		using result = library.late(60); // answered after the others would have been
		assert.equal(result.count(), 0);
		until(() => held() === before + 1);
	});

	test('is killed inside one of its functions: the library is told, and the hub goes on', () => {
		using client = new Client({ host: 'h' });
		const before = held();
		const greenlet = spawn(proxyTasks.stayInFunction, client as never);
		untilTagged(client, 'in function');
		greenlet.kill();
		assert.ok((greenlet.get() as unknown) instanceof GreenletExit);
		until(() => held() === before);
		const stay = (): number => {
			sleep(Number.POSITIVE_INFINITY);
			return 1;
		};
		assert.equal(
			withTimeout(5, () => shared.each(1, stay), { value: undefined }),
			undefined,
		);
		assert.deepEqual(
			shared.each(1, (index) => index),
			[0],
		);
	});

	test('is killed while it iterates: the iteration ends', () => {
		using client = new Client({ host: 'h' });
		const greenlet = spawn(proxyTasks.iterateForEver, client as never);
		untilTagged(client, 'iterating');
		greenlet.kill();
		until(() => library.iterations() === 0);
	});

	test('loses its thread when it clings to life: all it held goes', () => {
		using client = new Client({ host: 'h' });
		const before = held();
		const greenlet = spawn(proxyTasks.clingInFunction, client as never);
		untilTagged(client, 'clinging');
		greenlet.kill({ grace: 0 });
		assert.equal(thrown(() => greenlet.get()).code, 'ERR_GREENLET_LOST');
		until(() => held() === before);
	});
});

test('A greenlet that is killed while its thread imports a module leaves no thread for which that module has failed', async () => {
	shared.tag = 'go';
	const { late } = await import('../fixtures/proxy-slow-tasks.js');
	shared.tag = 'not yet';
	const killed = spawn(late);
	untilTagged(shared, 'importing');
	killed.kill();
	shared.tag = 'go';
	assert.equal(spawn(late).get(), 'imported');
});

test('A function of a greenlet that has ended rejects', () => {
	spawn(proxyTasks.giveAway).get();
	const error = thrown(() => library.callKept(1));
	assert.equal(error.code, 'ERR_CLOSED');
	assert.match(error.message, /^Cannot call a function of greenlet \d+: it has ended/);
});

test('A function that the library keeps is called in the next call of its greenlet', () => {
	const seen: unknown[] = [];
	library.keep((value) => seen.push(value));
	library.echo(1);
	assert.equal(library.callKept('kept'), 1);
	assert.deepEqual(seen, ['kept']);
});

test('A function that nobody on the hub has any more is forgotten by its greenlet', async () => {
	const ref = (() => {
		const fn = (): number => 1;
		assert.deepEqual(shared.each(2, fn), [1, 1]);
		return new WeakRef(fn);
	})();
	while (ref.deref()) {
		library.collect();
		library.echo(1);
		await turn();
		collect();
	}
	assert.deepEqual(
		shared.each(1, () => 2),
		[2],
	);
});

test('One module serves 8 greenlets at once', () => {
	const start = library.count();
	const runs = Array.from({ length: 8 }, () => spawn(proxyTasks.countUp, 50));
	assert.equal(joinAll(runs, { raiseError: true }).length, 8);
	assert.equal(library.count(), start + 8 * 50 + 1);
});

test('Thousands of mixed calls and kills leave nothing behind', () => {
	const random = new Random();
	console.log(`seed ${random.seed}`);
	const before = held();
	for (let round = 0; round < 12; round++) {
		const runs = Array.from({ length: 6 }, (_, index) => ({
			greenlet: spawnWith({ name: `mix ${round}.${index}` }, proxyTasks.mix, Math.floor(random.below(1e6)), 40),
			killed: random.once(3),
		}));
		sleep(random.below(15));
		for (const { greenlet, killed } of runs) if (killed) greenlet.kill({ block: false });
		for (const { greenlet, killed } of runs) {
			const got: unknown = greenlet.get();
			if (!(killed && got instanceof GreenletExit)) assert.equal(got, 40, `seed ${random.seed}`);
		}
	}
	until(() => held() === before);
	until(() => library.iterations() === 0);
});
