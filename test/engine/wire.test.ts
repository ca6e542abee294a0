import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { Board, Cell } from '../../src/engine/threads/wire.js';
import type { WireThreadData } from '../fixtures/wire-thread.js';

describe('Cell', () => {
	test('lets exactly one claim a question', () => {
		const cell = new Cell();
		const question = cell.ask(false);
		assert.equal(cell.question(), question);
		assert.deepEqual([cell.claim(question), cell.claim(question)], [true, false]);
		cell.answer(question, 'value');
		assert.equal(cell.await(question, false), 'value');
	});

	test('does not let a late answer into the next question', () => {
		const cell = new Cell();
		const first = cell.ask(false);
		cell.claim(first);
		cell.answer(first, 'error');
		const second = cell.ask(false);
		assert.notEqual(second, first);
		assert.equal(cell.claim(first), false);
		assert.equal(cell.claim(second), true);
	});

	test('tells questions apart for longer than anybody waits', () => {
		const cell = new Cell();
		const seen = new Set<number>();
		for (let i = 0; i < 100_000; i++) seen.add(cell.ask(i % 2 === 0));
		assert.equal(seen.size, 100_000);
	});

	test('of a hub that has stopped answers whatever is asked', () => {
		const cell = new Cell();
		const question = cell.ask(false);
		cell.claim(question);
		cell.answerStopped();
		assert.equal(cell.await(question, false), 'error');
	});
});

describe('Board', () => {
	function swept(board: Board): number[] {
		const seen: number[] = [];
		assert.equal(
			board.sweep((index) => seen.push(index)),
			seen.length,
		);
		return seen;
	}

	test('hands out each raised flag once, in every group of 32', () => {
		const board = new Board(100);
		for (const index of [0, 31, 32, 63, 64, 99, 31]) board.raise(index);
		assert.deepEqual(swept(board), [0, 31, 32, 63, 64, 99]);
		assert.deepEqual(swept(board), []);
	});

	test('forgets the flag of a thread that has died', () => {
		const board = new Board(10);
		board.raise(3);
		board.raise(4);
		board.lower(3);
		assert.deepEqual(swept(board), [4]);
	});

	test('has one thread ring a hub that sleeps', () => {
		const board = new Board(10);
		assert.equal(board.doze(), true);
		assert.deepEqual([board.raise(1), board.raise(2)], [true, false]);
		assert.equal(board.doze(), false, 'flags are up');
		swept(board);
		assert.equal(board.doze(), true);
		board.wake();
		assert.equal(board.raise(1), false);
	});

	test('counts ids and remembers the end of the hub', () => {
		const board = new Board(1);
		const other = new Board(board.memory);
		assert.deepEqual([board.takeId(), other.takeId(), board.takeId()], [1, 2, 3]);
		assert.equal(other.stopped, undefined);
		board.stop(0);
		assert.equal(other.stopped, 0);
	});
});

describe('a thread on the wire', () => {
	function start(data: Partial<WireThreadData>): { thread: Worker; cell: Cell; board: Board } {
		const cell = new Cell();
		const board = new Board(40);
		const workerData = { index: 33, cell: cell.memory, board: board.memory, questions: 1, ...data };
		return { thread: new Worker(new URL('../fixtures/wire-thread.js', import.meta.url), { workerData }), cell, board };
	}

	test('gets to each question its own answer', async () => {
		const questions = 2000;
		const { thread, cell, board } = start({ questions });
		board.mayLook = true;
		const answer = () =>
			board.sweep((index) => {
				assert.equal(index, 33);
				const question = cell.question();
				assert.equal(cell.claim(question), true);
				cell.numbers[0] = 10 * cell.operation;
				cell.answer(question, cell.operation % 3 === 0 ? 'error' : 'value');
			});
		let polling = true;
		const poll = () => {
			answer();
			if (polling) setImmediate(poll);
		};
		poll();
		const ended = once(thread, 'exit'); // may come right behind the message
		const [answers] = (await once(thread, 'message')) as [string[]];
		polling = false;
		assert.deepEqual(
			answers,
			Array.from({ length: questions }, (_, i) => `${i % 3 === 0 ? 'error' : 'value'} ${10 * i}`),
		);
		await ended;
	});

	for (const dieAt of ['written', 'asked', 'raised'] as const) {
		test(`that dies with its question ${dieAt} leaves a board the hub can go on with`, async () => {
			const { thread, board } = start({ dieAt });
			assert.equal(board.doze(), true);
			let bells = 0;
			thread.on('message', () => bells++);
			await once(thread, 'exit');
			assert.equal(bells, 0, 'the bell it owed will never ring');
			board.lower(33);
			assert.deepEqual(
				board.sweep(() => assert.fail('a dead thread asks nothing')),
				0,
			);
			assert.equal(board.doze(), true);
			assert.equal(board.raise(7), true, 'the next thread rings again');
		});
	}
});
