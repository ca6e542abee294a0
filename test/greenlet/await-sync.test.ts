import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, test } from 'node:test';
import { inspect } from 'node:util';
import { runInNewContext } from 'node:vm';
import { awaitSync, configure, spawn, spawnWith, Timeout } from '../../src/index.js';
import { awaitMany, fail, nap } from '../fixtures/engine-tasks.js';
import { linesOf } from '../support/program.js';
import { thrown } from '../support/thrown.js';

configure({ allowMainCallbacks: true });

const pending = new Promise<never>(() => undefined);

describe('awaitSync()', () => {
	test('returns what is no promise as it is', () => {
		// biome-ignore lint/suspicious/noThenProperty: what is tested
		const object = { then: 5 };
		for (const value of [undefined, null, 0, 'text', object]) assert.equal(awaitSync(value), value);
	});

	test('gives the value of a promise that has settled', async () => {
		const value = { deep: { down: Promise.resolve(1) } };
		assert.equal(awaitSync(Promise.resolve(value)), value);
		assert.equal(awaitSync((async () => '<pending>')()), '<pending>');
		assert.equal(awaitSync(runInNewContext('Promise.resolve(7)')), 7);
		class Special extends Promise<number> {}
		assert.equal(awaitSync(Special.resolve(8)), 8);
		const later = (async () => {
			await null;
			return 'later';
		})();
		assert.equal(thrown(() => awaitSync(later)).code, 'ERR_PENDING_PROMISE');
		await later;
		assert.equal(awaitSync(later), 'later');
	});

	test('throws what a promise was rejected with, with the frames of both sides, once', () => {
		const error = new RangeError('no');
		const rejected = (async function origin() {
			throw error;
		})();
		const wait = () => thrown(() => awaitSync(rejected));
		assert.equal(wait(), error);
		assert.match(error.stack ?? '', /^RangeError: no\n[\s\S]*at wait .*await-sync\.test/);
		const { stack } = error;
		for (let i = 0; i < 2; i++)
			assert.throws(
				() => awaitSync(Promise.reject('plain')),
				(reason) => reason === 'plain',
			);
		assert.equal(error.stack, stack);
	});

	test('throws an error whose stack cannot be added to as it is', () => {
		const frozen = Object.freeze(new Error('frozen'));
		const odd = Object.defineProperty(new Error('odd'), 'stack', { value: [] });
		const read = Object.defineProperty(new Error('read'), 'stack', { get: () => 'what it says' });
		for (const error of [frozen, odd, read])
			assert.equal(
				thrown(() => awaitSync(Promise.reject(error))),
				error,
			);
	});

	test('sees that a promise is pending however inspect() is set up', () => {
		const { colors = false } = inspect.defaultOptions;
		inspect.defaultOptions.colors = true;
		try {
			assert.equal(thrown(() => awaitSync(pending)).code, 'ERR_PENDING_PROMISE');
		} finally {
			inspect.defaultOptions.colors = colors;
		}
	});

	test('throws at once for a promise that is pending, and says what to do instead', () => {
		for (const promise of [pending, Promise.all([1]), Promise.resolve(1).then(), spawn(nap, 1).promise().then()]) {
			const error = thrown(() => awaitSync(promise));
			assert.deepEqual([error.name, error.code], ['PendingPromiseError', 'ERR_PENDING_PROMISE']);
			assert.match(error.message, /^Cannot wait for this promise .* task, .* wrapSync\(\) of tsgevent\/comlink, or await it/);
			assert.match(error.stack ?? '', /^PendingPromiseError: .*\n +at .*await-sync\.test/);
		}
	});

	test('leaves the rejection of a pending promise to be heard', async () => {
		const [told] = await linesOf('node', 'await-rejected.js');
		assert.equal(told, 'heard of it late');
	});

	test('waits for the promise of a greenlet as get() does', () => {
		assert.equal(awaitSync(spawn(nap, 5).promise()), 5);
		const error = thrown(() => awaitSync(spawn(fail, 'awaited').promise()));
		assert.deepEqual([error.name, error.message, error.code], ['AppError', 'awaited', 'E_APP']);
		assert.match(error.stack ?? '', /at fail .*engine-tasks[\s\S]*await-sync\.test/);
		assert.ok(thrown(() => awaitSync(spawnWith({ timeout: 1 }, nap, Number.POSITIVE_INFINITY).promise())) instanceof Timeout);
	});

	test('asks a thenable as await does', () => {
		const told: unknown[] = [];
		const thenable = (run: (resolve: (value: unknown) => void, reject: (reason: unknown) => void) => void) => ({
			// biome-ignore lint/suspicious/noThenProperty: what is tested
			then: run,
		});
		assert.equal(awaitSync(thenable((resolve) => resolve(thenable((inner) => inner(Promise.resolve('at last')))))), 'at last');
		assert.equal(thrown(() => awaitSync(thenable((_resolve, reject) => reject(new Error('refused'))))).message, 'refused');
		const both = thenable((resolve) => {
			resolve('first');
			throw new Error('too late to count');
		});
		assert.equal(awaitSync(both), 'first');
		const slow = thenable((resolve) => {
			told.push('asked');
			setImmediate(resolve, 1);
		});
		assert.equal(thrown(() => awaitSync(slow)).code, 'ERR_PENDING_PROMISE');
		assert.deepEqual(told, ['asked']);
	});

	test('runs nobody else meanwhile, and keeps the async context', async () => {
		const ran: string[] = [];
		process.nextTick(() => ran.push('tick'));
		queueMicrotask(() => ran.push('microtask'));
		const storage = new AsyncLocalStorage<string>();
		storage.run('mine', () => {
			assert.equal(awaitSync(Promise.resolve(1)), 1);
			assert.equal(storage.getStore(), 'mine');
		});
		assert.deepEqual(ran, []);
		await new Promise(setImmediate);
		assert.deepEqual(ran.sort(), ['microtask', 'tick']);
	});

	test('works alike in a tick, a microtask, an async function and a module under evaluation', async () => {
		const places = {
			tick: (run: () => void) => process.nextTick(run),
			microtask: (run: () => void) => queueMicrotask(run),
			immediate: (run: () => void) => setImmediate(run),
			asyncFunction: async (run: () => void) => {
				await null;
				run();
			},
		};
		for (const [name, go] of Object.entries(places)) {
			const seen = await new Promise((resolve) => {
				go(() => resolve([awaitSync(Promise.resolve(name)), thrown(() => awaitSync(pending)).code]));
			});
			assert.deepEqual(seen, [name, 'ERR_PENDING_PROMISE']);
		}
		assert.deepEqual(await linesOf('node', 'runtime/await-entry.mjs'), ['settled', 'ERR_PENDING_PROMISE', '5']);
		assert.deepEqual(await linesOf('tsgevent', 'runtime/await-entry.mjs'), ['settled', 'ERR_PENDING_PROMISE', '5']);
	});

	test('works alike in a greenlet', () => {
		const other = spawn(nap, 3);
		assert.deepEqual(spawn(awaitMany, other).get(), ['settled', 'ERR_PENDING_PROMISE', 3]);
	});
});
