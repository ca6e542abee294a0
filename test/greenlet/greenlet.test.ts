import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
	configure,
	Greenlet,
	GreenletExit,
	GreenletLostError,
	getCurrent,
	isMain,
	joinAll,
	killAll,
	sleep,
	spawn,
	spawnLater,
	spawnWith,
	TimedOutError,
	WouldBlockForeverError,
} from '../../src/index.js';
import { waitUntilIdle } from '../../src/testing/index.js';
import {
	add,
	asyncNap,
	awaitOther,
	fail,
	identity,
	ignoreKill,
	nap,
	nest,
	stubborn,
	tidy,
	unsendable,
	whatIs,
	where,
	whoAmI,
} from '../fixtures/engine-tasks.js';
import { parkUntil } from '../fixtures/lane-tasks.js';
import { thrown } from '../support/thrown.js';

configure({ allowMainCallbacks: true });

const FOREVER = Number.POSITIVE_INFINITY;

describe('spawn()', () => {
	test('runs a task in another thread and get() returns its value, as often as it is asked', () => {
		const greenlet = spawn(add, 1, 2);
		assert.deepEqual([greenlet.get(), greenlet.get(), greenlet.value], [3, 3, 3]);
		assert.notEqual(spawn(where).get(), 0);
	});

	test('runs greenlets at the same time', () => {
		// Each waits until the next has begun, and the last for the first.
		const all = Array.from({ length: 8 }, (_, i) => spawn(parkUntil, `meets ${i}`, `meets ${(i + 1) % 8}`));
		assert.deepEqual(
			all.map((greenlet) => greenlet.get()),
			all.map((_, i) => `meets ${i}`),
		);
	});

	test('lets greenlets spawn greenlets', () => {
		assert.equal(spawn(nest, 5).get(), 5);
	});

	test('carries arguments and values as what they are', () => {
		assert.deepEqual(spawn(whatIs, new URL('http://h/')).get(), ['URL', 'http://h/']);
		assert.deepEqual(spawn(whatIs, Buffer.from('b')).get(), ['Buffer', 'b']);
		assert.deepEqual(spawn(whatIs, new Map([[1, 2]])).get(), ['Map', [[1, 2]]]);
		const shared = Buffer.from('b');
		const [one, other] = spawn(identity, [shared, shared]).get() as [Buffer, Buffer];
		assert.ok(Buffer.isBuffer(one) && one === other);
		for (let i = 0; i < 20; i++) assert.deepEqual(spawn(identity, { i, u: undefined }).get(), { i, u: undefined });
	});

	test('gives a large Buffer to everybody who asks', () => {
		const greenlet = spawn(identity, Buffer.alloc(300_000, 7));
		for (let i = 0; i < 3; i++) assert.equal((greenlet.get() as Buffer).byteLength, 300_000);
	});

	test('passes greenlets on', () => {
		const greenlet = spawn(add, 20, 22);
		const passed = spawn(identity, greenlet).get();
		assert.ok(passed instanceof Greenlet);
		assert.deepEqual([passed.id, passed.name, passed.get()], [greenlet.id, 'add', 42]);
	});

	test('waits for async tasks', () => {
		assert.equal(spawn(asyncNap, 5).get(), 'async');
		assert.equal(spawn(awaitOther, 5).get(), 6);
	});

	for (const [what, call, message] of [
		['a closure', () => spawn(() => 1), /^Cannot spawn the function \(anonymous\): threads share no heap/],
		[
			'an unregistered function',
			() => spawn(thrown, () => 1),
			/^Cannot spawn the function thrown: .*define it .* with task\(import\.meta, fn\)$/,
		],
		['no function', () => spawn('name' as unknown as () => void), /^Cannot spawn a value of type string/],
		['a function as argument', () => spawn(identity, { a: [() => 1] }), /found at argument\[0\]\.a\[0\]\./],
		['an instance as argument', () => spawn(identity, new WeakSet()), /^Cannot send an instance of WeakSet to another thread/],
	] as const) {
		test(`refuses ${what} at the caller's line`, () => {
			const error = thrown(call);
			assert.deepEqual([error.name, error.code], ['NotSpawnableError', 'ERR_NOT_SPAWNABLE']);
			assert.match(error.message, message);
			assert.match(error.stack ?? '', /greenlet\.test\.js/);
		});
	}
});

describe('spawnWith() and spawnLater()', () => {
	test('name the greenlet', () => {
		const greenlet = spawnWith({ name: 'worker 1' }, whoAmI);
		assert.deepEqual(greenlet.get(), ['worker 1', greenlet.id, false]);
		assert.deepEqual([greenlet.name, String(greenlet)], ['worker 1', `Greenlet ${greenlet.id} (worker 1)`]);
		assert.deepEqual(spawn(whoAmI).get()[0], 'whoAmI');
	});

	test('start later, or never when killed before', () => {
		assert.equal(spawnLater(20, add, 1, 1).get(), 2);
		const never = spawnLater(FOREVER, add, 1, 1);
		assert.equal(spawnWith({ delay: 5 }, add, 2, 2).get(), 4);
		assert.equal(never.ready(), false);
		never.kill();
		assert.ok((never.get() as unknown) instanceof GreenletExit);
	});

	test('refuse bad durations', () => {
		assert.equal(thrown(() => spawnLater('5' as unknown as number, add, 1, 1)).code, 'ERR_INVALID_ARG_TYPE');
		assert.equal(thrown(() => spawnLater(-1, add, 1, 1)).code, 'ERR_OUT_OF_RANGE');
		assert.equal(thrown(() => sleep(Number.NaN)).code, 'ERR_OUT_OF_RANGE');
	});
});

describe('an error in a greenlet', () => {
	test('is thrown by get() as it was, with the stacks of both sides', () => {
		const failed = spawn(fail, 'broken');
		const error = thrown(() => failed.get()) as NodeJS.ErrnoException & { detail: { bytes: Buffer } };
		assert.deepEqual([error.name, error.message, error.code], ['AppError', 'broken', 'E_APP']);
		assert.ok(error.cause instanceof RangeError && Buffer.isBuffer(error.detail.bytes));
		assert.match(error.stack ?? '', /at fail .*engine-tasks\.js[\s\S]*greenlet\.test\.js/);
	});

	test('is kept, shown by error, and leaves join() calm', () => {
		const failed = spawn(fail, 'kept');
		assert.equal(failed.join(), true);
		assert.deepEqual([failed.ready(), failed.successful(), failed.value], [true, false, undefined]);
		assert.equal((failed.error as Error).message, 'kept');
		assert.equal((failed.error as Error).message, 'kept');
	});

	test('is thrown by joinAll() only if asked for', () => {
		const all = [spawn(add, 1, 1), spawn(fail, 'of many')];
		assert.equal(joinAll(all).length, 2);
		assert.match(thrown(() => joinAll(all, { raiseError: true })).message, /^of many$/);
	});

	test('comes in place of a value that cannot be sent', () => {
		const error = thrown(() => spawn(unsendable).get());
		assert.deepEqual([error.code, error.name], ['ERR_NOT_SPAWNABLE', 'NotSpawnableError']);
		assert.match(error.message, /^Cannot send a function to another thread: found at result\.list\[1\]\./);
	});
});

describe('get() and join()', () => {
	test('give up in time, or at once', () => {
		const sleeper = spawn(nap, FOREVER);
		for (const options of [{ timeout: 1 }, { timeout: 0 }, { block: false }]) {
			const error = thrown(() => sleeper.get(options));
			assert.ok(error instanceof TimedOutError && error.code === 'ETIMEDOUT');
		}
		assert.equal(sleeper.join({ timeout: 1 }), false);
		assert.deepEqual([sleeper.ready(), sleeper.successful(), sleeper.value, sleeper.error], [false, false, undefined, undefined]);
		sleeper.kill();
	});

	test('find a greenlet that has ended long ago', () => {
		const greenlet = spawn(nap, 0);
		greenlet.join();
		assert.deepEqual([greenlet.get({ block: false }), greenlet.join({ timeout: 0 }), greenlet.ready()], [0, true, true]);
	});

	test('of oneself can never end', () => {
		const me = getCurrent() as Greenlet<unknown>;
		const error = thrown(() => me.get());
		assert.ok(error instanceof WouldBlockForeverError);
		assert.match(error.message, /greenlet \d+ \(main\) waits for \d+ \(main\)/);
	});
});

describe('joinAll()', () => {
	test('returns those that have ended, in the order given', () => {
		const [slow, fast] = [spawn(nap, FOREVER), spawn(nap, 1)];
		assert.deepEqual(joinAll([slow, fast], { count: 1 }), [fast]);
		assert.deepEqual(joinAll([slow, fast], { timeout: 1 }), [fast]);
		assert.deepEqual(joinAll([]), []);
		assert.deepEqual(joinAll([fast, fast]), [fast, fast]);
		slow.kill();
		assert.deepEqual(joinAll(new Set([slow, fast])), [slow, fast]);
	});
});

describe('kill()', () => {
	test('throws a GreenletExit at the parking point, which is no error', () => {
		const sleeper = spawn(nap, FOREVER);
		waitUntilIdle();
		assert.equal(sleeper.kill(), true);
		assert.ok((sleeper.get() as unknown) instanceof GreenletExit);
		assert.deepEqual([sleeper.ready(), sleeper.successful(), sleeper.error], [true, true, undefined]);
	});

	test('lets finally blocks run, which may block', () => {
		const greenlet = spawn(tidy);
		waitUntilIdle();
		greenlet.kill();
		assert.equal(greenlet.get(), 'tidied up');
	});

	test('throws what it is given, which then is an error', () => {
		const sleeper = spawn(nap, FOREVER);
		waitUntilIdle();
		sleeper.kill({ error: new RangeError('enough') });
		const error = thrown(() => sleeper.get());
		assert.ok(error instanceof RangeError);
		assert.equal(error.message, 'enough');
	});

	test('is thrown once: who catches it goes on', () => {
		const greenlet = spawn(ignoreKill);
		waitUntilIdle();
		greenlet.kill();
		assert.equal(greenlet.get(), 'survived ERR_GREENLET_EXIT');
	});

	test('does not wait unless told to', () => {
		const sleeper = spawn(tidy);
		waitUntilIdle();
		assert.equal(sleeper.kill({ block: false }), true);
		assert.equal(sleeper.get(), 'tidied up');
	});

	test('terminates the thread of one that will not go, after the grace', () => {
		const greenlet = spawn(stubborn);
		waitUntilIdle();
		assert.equal(greenlet.kill({ timeout: 5 }), false);
		assert.equal(greenlet.kill({ grace: 5 }), true);
		const error = thrown<GreenletLostError>(() => greenlet.get());
		assert.deepEqual([error.code, error.greenlet], ['ERR_GREENLET_LOST', `${greenlet.id} (stubborn)`]);
		assert.ok(error instanceof GreenletLostError);
		assert.match(error.message, /it was killed and did not end within 5 ms$/);
	});

	test('is what a timeout comes to for one that will not go', () => {
		const error = thrown(() => spawnWith({ timeout: 5, grace: 5 }, stubborn).get());
		assert.match(error.message, /^Lost greenlet \d+ \(stubborn\): it timed out after 5 ms and did not end within 5 ms$/);
	});

	test('has no effect on the dead', () => {
		const greenlet = spawn(add, 1, 1);
		greenlet.join();
		assert.equal(greenlet.kill(), true);
		assert.equal(greenlet.get(), 2);
	});

	test('of all kills all', () => {
		const sleepers = [1, 2, 3].map(() => spawn(nap, FOREVER));
		// Wherever they are: one whose thread is slow to load the task gets there in the end.
		assert.equal(killAll(sleepers, { grace: FOREVER }), true);
		assert.ok(sleepers.every((sleeper) => sleeper.successful()));
	});

	test('of oneself is thrown here', () => {
		assert.equal(thrown(() => getCurrent()?.kill()).code, 'ERR_GREENLET_EXIT');
		sleep(0);
	});
});

describe('promise()', () => {
	test('gives what get() gives to code that must not park', async () => {
		assert.equal(await spawn(nap, 2).promise(), 2);
		await assert.rejects(spawn(fail, 'awaited').promise(), { name: 'AppError', code: 'E_APP' });
		const done = spawn(add, 1, 1);
		done.join();
		assert.equal(await done.promise(), 2);
	});
});

describe('getCurrent() and isMain()', () => {
	test('know the main greenlet', () => {
		sleep(0);
		assert.equal(getCurrent()?.name, 'main');
		assert.equal(isMain(import.meta), true);
		assert.equal(isMain({ url: 'file:///elsewhere.js' }), false);
		assert.throws(() => isMain({} as { url: string }), { code: 'ERR_NOT_SPAWNABLE' });
	});

	test('know that a pool thread is not it', () => {
		assert.equal(spawn(whoAmI).get()[2], false);
	});
});
