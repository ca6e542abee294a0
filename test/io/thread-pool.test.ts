import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { configure, GreenletExit, sleep, spawn, ThreadLostError, TimedOutError, Timeout, withTimeout } from '../../src/index.js';
import { ThreadPool } from '../../src/io/thread-pool.js';
import * as work from '../fixtures/pool-tasks.js';
import { linesOf, runProgram } from '../support/program.js';
import { thrown } from '../support/thrown.js';

configure({ allowMainCallbacks: true });

function flags(count = 1): Int32Array {
	return new Int32Array(new SharedArrayBuffer(4 * count));
}

describe('ThreadPool.apply()', () => {
	test('gives what a plain or async task returns, in a thread that is no greenlet', () => {
		using pool = new ThreadPool({ maxsize: 1 });
		assert.equal(pool.apply(work.plain, 'here'), 'here false');
		assert.equal(pool.apply(work.later, 'there'), 'there');
		assert.equal(pool.apply(work.blocking), 'ERR_WRONG_THREAD');
		assert.equal(pool.apply(work.native), 'native');
		const thread = pool.apply(work.threadOf);
		assert.deepEqual([thread > 0, thread, pool.size], [true, pool.apply(work.threadOf), 1]);
	});

	test('carries arguments and values as what they are', () => {
		using pool = new ThreadPool({ maxsize: 1 });
		const value = {
			buffer: Buffer.from('b'),
			url: new URL('http://h/'),
			map: new Map([[1, { error: new RangeError('no') }]]),
			mark: '\u0000tsgevent',
		};
		assert.deepEqual(pool.apply(work.giveBack, value), value);
		assert.deepEqual(pool.apply(work.giveBack, { '\u0000tsgevent': 'a mark' }), { '\u0000tsgevent': 'a mark' });
		for (const one of [undefined, null, -0, 'text', 'lone \ud800', Buffer.alloc(300_000, 7), Buffer.from('small'), 12n])
			assert.deepEqual(pool.apply(work.giveBack, one), one);
		assert.ok(Buffer.isBuffer(pool.apply(work.giveBack, Buffer.from('x'))));
		assert.equal(thrown(() => pool.apply(work.giveBack, () => 1)).code, 'ERR_NOT_SPAWNABLE');
		assert.equal(thrown(() => pool.apply(() => 1)).code, 'ERR_NOT_SPAWNABLE');
	});

	test('throws what the task throws, with the stacks of both sides', () => {
		using pool = new ThreadPool({ maxsize: 1 });
		const error = thrown(() => pool.apply(work.failBadly, 'broken')) as NodeJS.ErrnoException;
		assert.deepEqual([error.name, error.message, error.code], ['AppError', 'broken', 'E_APP']);
		assert.ok(error.cause instanceof RangeError);
		assert.match(error.stack ?? '', /at failBadly .*pool-tasks\.js[\s\S]*thread-pool\.test\.js/);
	});

	test('is ended, with its thread, when the greenlet that waits is', () => {
		using pool = new ThreadPool({ maxsize: 1 });
		const spinning = flags();
		assert.ok(thrown(() => withTimeout(200, () => pool.apply(work.spin, spinning))) instanceof Timeout);
		assert.equal(pool.apply(work.compute, 3), 9);
		spinning[0] = 0;
		const greenlet = spawn(work.spinIn, pool, spinning);
		while (spinning[0] === 0) sleep(1);
		assert.equal(greenlet.kill(), true);
		assert.ok((greenlet.get() as unknown) instanceof GreenletExit);
		assert.equal(pool.apply(work.compute, 4), 16);
	});
});

describe('a thread of a ThreadPool that ends', () => {
	test('fails its own call alone', () => {
		using pool = new ThreadPool({ maxsize: 2, heapLimitMb: 32 });
		const lost = pool.spawn(work.leave, 7);
		const others = [1, 2, 3].map((n) => pool.spawn(work.compute, n));
		assert.deepEqual(
			others.map((result) => result.get()),
			[1, 4, 9],
		);
		const error = thrown(() => lost.get());
		assert.ok(error instanceof ThreadLostError);
		assert.match(error.stack ?? '', /^ThreadLostError: .*\n +at ThreadResult\.get .*\n[\s\S]*thread-pool\.test\.js/);
		assert.deepEqual([error.code, error.message], ['ERR_THREAD_LOST', 'Lost the thread that ran leave: its thread exited with code: 7']);
		const full = thrown(() => pool.apply(work.exhaust));
		assert.equal(full.code, 'ERR_THREAD_LOST');
		assert.equal((full.cause as { code?: string }).code, 'ERR_WORKER_OUT_OF_MEMORY');
		assert.equal(pool.apply(work.compute, 5), 25);
	});

	test('fails its own call alone, whatever was thrown or given that cannot be passed on', () => {
		using pool = new ThreadPool({ maxsize: 1 });
		for (const what of ['null', 'text', 'object'])
			assert.equal(thrown(() => pool.apply(work.throwInCallback, what)).code, 'ERR_THREAD_LOST', what);
		for (const how of ['thrown', 'proxy', 'detached'])
			assert.equal(thrown(() => pool.apply(work.uncloneable, how)).code, 'ERR_THREAD_LOST', how);
		assert.equal(pool.apply(work.compute, 6), 36);
	});

	test('is replaced for what waits behind it, and when it ends idle', () => {
		using pool = new ThreadPool({ maxsize: 1 });
		const greenlets = [spawn(work.leaveIn, pool), spawn(work.computeIn, pool, 2), spawn(work.computeIn, pool, 3)];
		assert.equal(thrown(() => greenlets[0]?.get()).code, 'ERR_THREAD_LOST');
		assert.deepEqual([greenlets[1]?.get(), greenlets[2]?.get()], [4, 9]);
		const first = pool.apply(work.strayLater);
		let next = first;
		while (next === first) {
			try {
				next = pool.apply(work.threadOf);
			} catch (error) {
				assert.equal((error as { code: string }).code, 'ERR_THREAD_LOST'); // it ended with this instead
			}
		}
	});
});

describe('ThreadPool.spawn()', () => {
	test('gives a result to ask for, now or later, as often as one likes', () => {
		using pool = new ThreadPool({ maxsize: 1 });
		const spinning = flags();
		const result = pool.spawn(work.spin, spinning);
		for (const options of [{ timeout: 1 }, { timeout: 0 }, { block: false }])
			assert.ok(thrown(() => result.get(options)) instanceof TimedOutError);
		assert.deepEqual([result.join({ timeout: 1 }), result.ready(), result.successful()], [false, false, false]);
		result.cancel();
		assert.equal(thrown(() => result.get()).code, 'ERR_CLOSED');
		const squared = pool.spawn(work.compute, 6);
		assert.deepEqual([squared.join(), squared.get(), squared.get(), squared.ready(), squared.successful()], [true, 36, 36, true, true]);
		const failed = pool.spawn(work.failBadly, 'kept');
		assert.deepEqual([failed.join(), failed.ready(), failed.successful()], [true, true, false]);
		for (let i = 0; i < 2; i++) assert.equal(thrown(() => failed.get()).message, 'kept');
	});

	test('waits for a free thread, of which there are maxsize', () => {
		using pool = new ThreadPool({ maxsize: 2 });
		const meeting = flags(2);
		const both = [0, 1].map((mine) => pool.spawn(work.meet, meeting, mine));
		assert.deepEqual(
			both.map((result) => result.get()),
			[0, 1],
		);
		const spinning = [flags(), flags()].map((flag) => pool.spawn(work.spin, flag));
		assert.ok(thrown(() => withTimeout(20, () => pool.spawn(work.compute, 1))) instanceof Timeout);
		assert.equal(pool.size, 2);
		for (const result of spinning) result.cancel();
		assert.equal(pool.spawn(work.compute, 2).get(), 4);
	});
});

describe('ThreadPool.map()', () => {
	test('gives the results in order', () => {
		using pool = new ThreadPool({ maxsize: 2 });
		const numbers = Array.from({ length: 20 }, (_, i) => i);
		assert.deepEqual(
			pool.map(work.compute, new Set(numbers)),
			numbers.map((n) => n * n),
		);
		assert.deepEqual(pool.map(work.compute, []), []);
	});

	test('throws the first error and cancels the others', () => {
		using pool = new ThreadPool({ maxsize: 2 });
		const error = thrown(() => pool.map(work.failOrSpin, [-1, 5, 6]));
		assert.equal(error.message, 'negative');
		assert.equal(pool.join({ timeout: 10_000 }), true);
	});
});

describe('a ThreadPool', () => {
	test('is shared by the greenlets it is passed to, and outlives none of them', () => {
		using pool = new ThreadPool({ maxsize: 1 });
		const seen = [1, 2].map((n) => spawn(work.applyIn, pool, `from ${n}`).get());
		const thread = pool.apply(work.threadOf);
		assert.deepEqual(seen, [
			['from 1 false', thread],
			['from 2 false', thread],
		]);
		for (const text of ['first', 'second']) assert.equal(spawn(work.applyShared, text).get(), `${text} false`);
	});

	test('ends with the greenlet that alone has it, and so does what runs in it', () => {
		const counter = flags();
		spawn(work.leaveCounting, counter).get();
		// It counts many times a millisecond, as long as it counts.
		for (let seen = -1; seen !== counter[0]; sleep(50)) seen = counter[0] as number;
	});

	test('can be joined and killed', () => {
		const pool = new ThreadPool({ maxsize: 2 });
		assert.deepEqual([pool.size, pool.join()], [0, true]);
		const computing = pool.spawn(work.compute, 2);
		assert.deepEqual([pool.join(), computing.ready()], [true, true]);
		const spinning = pool.spawn(work.spin, flags());
		assert.equal(pool.join({ timeout: 1 }), false);
		assert.deepEqual([pool.kill(), pool.kill(), pool.size], [true, true, 0]);
		const error = thrown(() => spinning.get());
		assert.match(error.message, /^Lost the thread that ran spin: the pool was killed/);
		for (const call of [() => pool.apply(work.compute, 1), () => pool.spawn(work.compute, 1), () => pool.join()])
			assert.equal(thrown(call).code, 'ERR_CLOSED');
		assert.equal(new ThreadPool().kill(), true);
	});

	for (const [options, code] of [
		[{ maxsize: 0 }, 'ERR_OUT_OF_RANGE'],
		[{ maxsize: -1 }, 'ERR_OUT_OF_RANGE'],
		[{ maxsize: 1.5 }, 'ERR_OUT_OF_RANGE'],
		[{ maxsize: Number.POSITIVE_INFINITY }, 'ERR_OUT_OF_RANGE'],
		[{ maxsize: '2' }, 'ERR_INVALID_ARG_TYPE'],
		[{ heapLimitMb: 0 }, 'ERR_OUT_OF_RANGE'],
	] as const) {
		test(`refuses ${Object.entries(options)}`, () => {
			assert.equal(thrown(() => new ThreadPool(options as { maxsize: number })).code, code);
		});
	}

	for (const starter of ['node', 'tsgevent'] as const) {
		test(`does not keep ${starter} from ending, whatever its threads do`, async () => {
			assert.deepEqual(await linesOf(starter, 'pool-left.js', 'spin'), ['spins']);
		});
	}

	test('with a thread inside a native call, which cannot be ended, has the process end itself', async () => {
		const { signal, stdout } = await runProgram('node', 'pool-left.js', 'native');
		assert.deepEqual([signal, stdout], ['SIGKILL', 'is native\n']);
	});
});
