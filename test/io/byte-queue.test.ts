import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ByteQueue } from '../../src/io/byte-queue.js';

/** Small and seeded, so that a failure can be repeated. */
function random(seed: number): (below: number) => number {
	let state = seed;
	return (below) => {
		state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
		return Math.floor((state / 2 ** 32) * below);
	};
}

function queueOf(...chunks: string[]): ByteQueue {
	const queue = new ByteQueue();
	for (const chunk of chunks) queue.push(Buffer.from(chunk));
	return queue;
}

test('ByteQueue.take() hands over a whole chunk without a copy', () => {
	const chunk = Buffer.from('abc');
	const queue = new ByteQueue();
	queue.push(chunk);
	assert.equal(queue.take(3), chunk);
	assert.equal(queue.length, 0);
});

test('ByteQueue.take() cuts and joins chunks', () => {
	const queue = queueOf('ab', 'c', 'defg');
	assert.equal(queue.take(1).toString(), 'a');
	assert.equal(queue.take(4).toString(), 'bcde');
	assert.equal(queue.take(100).toString(), 'fg');
	assert.equal(queue.take(1).length, 0);
});

test('ByteQueue.unshift() puts bytes back in front', () => {
	const queue = queueOf('abc', 'd');
	const taken = queue.take(2);
	queue.unshift(taken);
	assert.equal(queue.take(4).toString(), 'abcd');
});

test('ByteQueue.indexOf() finds a pattern that lies across several chunks', () => {
	const queue = queueOf('xx\r', '\n', '\r', '\nyy');
	assert.equal(queue.indexOf(Buffer.from('\r\n\r\n')), 2);
	assert.equal(queue.indexOf(Buffer.from('\r\n\r\n'), 3), -1);
	assert.equal(queue.indexOf(Buffer.from('yy')), 6);
});

test('ByteQueue agrees with one long Buffer on random chunks, takes and searches', () => {
	for (let seed = 1; seed <= 300; seed++) {
		const below = random(seed);
		const queue = new ByteQueue();
		let model = Buffer.alloc(0);
		for (let step = 0; step < 40; step++) {
			if (below(3) > 0) {
				const chunk = Buffer.from(Array.from({ length: below(5) }, () => below(2)));
				queue.push(chunk);
				model = Buffer.concat([model, chunk]);
			} else {
				const count = below(8);
				const taken = queue.take(count);
				assert.deepEqual(taken, model.subarray(0, count), `seed ${seed}`);
				if (below(2) > 0) queue.unshift(taken);
				else model = model.subarray(count);
			}
			const pattern = Buffer.from(Array.from({ length: 1 + below(4) }, () => below(2)));
			const from = below(model.length + 1);
			assert.equal(queue.indexOf(pattern, from), model.indexOf(pattern, from), `seed ${seed}`);
			assert.equal(queue.length, model.length);
		}
	}
});
