import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads';
import { Lent, load, type Packet, pack, packArguments, packError, store, unpack, unpackArguments } from '../../src/engine/threads/codec.js';
import { registerHandle } from '../../src/engine/threads/structure.js';
import { CAPACITY, Cell, PORT_FORMAT } from '../../src/engine/threads/wire.js';
import { NotSpawnableError, TimedOutError } from '../../src/errors.js';

const { port1, port2 } = new MessageChannel();
const cell = new Cell();
after(() => port1.close());

/** Sends a packet through the cell, or over the port where it does not fit, and says which. */
function travel(packet: Packet, owned = false): { packet: Packet; ahead: boolean } {
	const ahead = store(cell, packet, port1, owned);
	assert.equal(ahead, cell.format === PORT_FORMAT);
	return { packet: load(cell, () => receiveMessageOnPort(port2)?.message as Packet), ahead };
}

function roundTrip<T>(value: T): T {
	return unpack(travel(pack(value)).packet) as T;
}

function throughArguments(...args: unknown[]): unknown[] {
	return unpackArguments(travel(packArguments(args)).packet);
}

describe('pack() and unpack()', () => {
	const date = new Date(5);
	for (const value of [
		undefined,
		null,
		true,
		false,
		0,
		-0,
		1.5,
		Number.NaN,
		Number.NEGATIVE_INFINITY,
		12n,
		'',
		'text',
		'æ — 🙂',
		'x'.repeat(CAPACITY),
		[],
		[1, [2, 'three', null, undefined]],
		{ a: { b: [1] }, c: undefined },
		{ text: 'y'.repeat(5000) },
		Number.MAX_VALUE,
		[-0, Number.NaN, Number.POSITIVE_INFINITY],
		date,
		/a.b/gi,
		new Map<unknown, unknown>([['k', new Set([1, 'two'])]]),
		new Uint16Array([1, 2, 3]),
	]) {
		test(`carry ${typeof value} ${String(JSON.stringify(value, (_key, item) => (typeof item === 'bigint' ? `${item}n` : item))).slice(0, 30)}`, () => {
			assert.deepEqual(roundTrip(value), value);
			assert.ok(Object.is(roundTrip(value), value) || typeof value === 'object');
			assert.deepEqual(throughArguments(value, 1), [value, 1]);
		});
	}

	for (const text of ['\ud800', 'high \ud83d alone', 'low \udc00 alone', '\udc00\ud800 the wrong way round', `${'z'.repeat(5000)}\ud800`]) {
		test(`carry lone surrogates as they are: ${JSON.stringify(text.slice(-30))}`, () => {
			assert.equal(roundTrip(text), text);
			assert.deepEqual(roundTrip({ [text]: [text] }), { [text]: [text] });
			assert.deepEqual(throughArguments(text), [text]);
			assert.deepEqual(throughArguments(1, text, Buffer.from('b')), [1, text, Buffer.from('b')]);
			const error = unpack(travel(packError(new RangeError(text, { cause: text }))).packet) as Error;
			assert.deepEqual([error.message, error.cause], [text, text]);
		});
	}

	test('keep Buffers Buffers, wherever they are', () => {
		const buffer = Buffer.from('bytes');
		assert.deepEqual(roundTrip(buffer), buffer);
		const { list, map } = roundTrip({ list: [buffer], map: new Map([['b', buffer]]) });
		assert.ok(Buffer.isBuffer(list[0]) && Buffer.isBuffer(map.get('b')));
		assert.equal(list[0].toString(), 'bytes');
	});

	test('send of a Buffer no more than its own bytes', () => {
		const { value } = pack([Buffer.from('small')]) as { value: [{ data: Uint8Array }] };
		assert.equal(value[0].data.buffer.byteLength, 5);
	});

	test('keep URL, URLSearchParams and Error what they are', () => {
		const [url, query, error] = roundTrip([new URL('http://h/p?q=1'), new URLSearchParams('a=1'), new TypeError('no')] as const);
		assert.ok(url instanceof URL && query instanceof URLSearchParams && error instanceof TypeError);
		assert.deepEqual([url.href, query.get('a'), error.message], ['http://h/p?q=1', '1', 'no']);
	});

	test('keep one thing one thing, however often it is referred to', () => {
		const shared = { n: 1 };
		const buffer = Buffer.from('b');
		const error = new Error('e');
		const [a, b, c, d, e, f] = roundTrip([shared, shared, buffer, buffer, error, error]) as unknown[];
		assert.ok(a === b && c === d && e === f);
		assert.ok(Buffer.isBuffer(d) && f instanceof Error);
	});

	test('keep circles, also through what is rebuilt', () => {
		const circle: Record<string, unknown> = {};
		circle.self = circle;
		circle.bytes = Buffer.from('b');
		circle.map = new Map([['circle', circle]]);
		const error: Error & { self?: unknown } = new Error('round');
		error.self = error;
		circle.error = error;
		const arrived = roundTrip(circle);
		assert.equal(arrived.self, arrived);
		assert.equal((arrived.map as Map<string, unknown>).get('circle'), arrived);
		assert.ok(Buffer.isBuffer(arrived.bytes));
		const copy = arrived.error as typeof error;
		assert.ok(copy instanceof Error && copy.self === copy);
	});

	test('leave the sender his value as it was', () => {
		const value = { bytes: Buffer.from('b'), nested: [new URL('http://h/')] };
		const before = { ...value, nested: [...value.nested] };
		roundTrip(value);
		assert.deepEqual(value, before);
	});

	test('are not fooled by an object that looks like a mark', () => {
		const odd = { '\u0000tsgevent': 'Buffer', data: [Buffer.from('x')], handle: 3 };
		const arrived = roundTrip({ odd });
		assert.deepEqual(arrived, { odd });
		assert.ok(Buffer.isBuffer(arrived.odd.data[0]));
	});

	test('take the plain objects of another realm and those without a prototype', () => {
		const bare = Object.assign(Object.create(null), { a: 1 }) as { a: number };
		assert.deepEqual({ ...roundTrip(bare) }, { a: 1 });
	});

	test('keep the holes of an array', () => {
		// biome-ignore lint/suspicious/noSparseArray: the subject
		const arrived = roundTrip([, 1]);
		assert.equal(0 in arrived, false);
	});
});

describe('packArguments()', () => {
	test('puts up to four numbers and one Buffer bare into the cell', () => {
		const { packet, ahead } = travel(packArguments([1, -2.5, Number.NaN, 4, Buffer.from('tail')]));
		assert.equal(ahead, false);
		assert.equal(packet.text, undefined);
		assert.deepEqual(unpackArguments(packet), [1, -2.5, Number.NaN, 4, Buffer.from('tail')]);
	});

	test('sends small plain data as JSON, with a Buffer behind it as bytes', () => {
		const { packet, ahead } = travel(packArguments(['a', { b: [1] }, Buffer.from('tail')]));
		assert.deepEqual([ahead, packet.text], [false, '["a",{"b":[1]}]']);
		assert.deepEqual(unpackArguments(packet), ['a', { b: [1] }, Buffer.from('tail')]);
	});

	test('clones long text over the port instead', () => {
		assert.equal(travel(packArguments(['x'.repeat(2000)])).ahead, false);
		assert.equal(travel(packArguments(['x'.repeat(2100)])).ahead, true);
	});

	test('carries no arguments, and empty Buffers', () => {
		assert.deepEqual(throughArguments(), []);
		assert.deepEqual(throughArguments(Buffer.alloc(0)), [Buffer.alloc(0)]);
		assert.deepEqual(throughArguments('a', Buffer.alloc(0)), ['a', Buffer.alloc(0)]);
	});
});

describe('a large Buffer', () => {
	test('changes hands when nobody else has it', () => {
		const buffer = Buffer.alloc(CAPACITY, 7);
		const { packet, ahead } = travel(pack(buffer), true);
		assert.deepEqual([ahead, buffer.byteLength, (unpack(packet) as Buffer).byteLength], [true, 0, CAPACITY]);
	});

	test('is copied when its sender keeps it', () => {
		const buffer = Buffer.alloc(CAPACITY, 7);
		assert.deepEqual(unpack(travel(pack(buffer)).packet), buffer);
		assert.equal(buffer.byteLength, CAPACITY);
	});

	test('is copied when it is part of a larger memory', () => {
		const memory = Buffer.alloc(CAPACITY + 1, 7);
		travel(pack(memory.subarray(1)), true);
		assert.equal(memory.byteLength, CAPACITY + 1);
	});
});

describe('errors', () => {
	test('keep class, code, cause and own properties', () => {
		const cause = new RangeError('deep');
		const error = Object.assign(new TimedOutError('It', 5), { cause, extra: { bytes: Buffer.from('x') }, errno: -110 });
		const arrived = unpack(travel(packError(error)).packet) as typeof error;
		assert.ok(arrived instanceof TimedOutError && arrived.cause instanceof RangeError);
		assert.deepEqual([arrived.name, arrived.code, arrived.errno], ['TimedOutError', 'ETIMEDOUT', -110]);
		assert.ok(Buffer.isBuffer(arrived.extra.bytes));
		assert.equal(arrived.stack, error.stack);
		assert.equal(Object.keys(arrived).includes('cause'), false);
	});

	test('of a class that only the sender knows keep its name', () => {
		class Odd extends Error {
			override name = 'Odd';
		}
		const arrived = unpack(travel(packError(new Odd('x'))).packet) as Error;
		assert.deepEqual([arrived.constructor, arrived.name, String(arrived)], [Error, 'Odd', 'Odd: x']);
	});

	test('keep the errors of an AggregateError', () => {
		const arrived = unpack(travel(packError(new AggregateError([new TypeError('a')], 'all'))).packet) as AggregateError;
		assert.ok(arrived instanceof AggregateError && arrived.errors[0] instanceof TypeError);
	});

	test('carry as text what cannot travel', () => {
		const arrived = unpack(travel(packError(Object.assign(new Error('x'), { socket: new (class Socket {})() }))).packet) as Error;
		assert.equal((arrived as unknown as { socket: string }).socket, '[object Object]');
	});

	test('may be anything that was thrown', () => {
		for (const thrown of ['text', 5, undefined, null, { plain: 1 }]) assert.deepEqual(unpack(travel(packError(thrown)).packet), thrown);
		const odd = unpack(travel(packError(() => 1)).packet) as Error;
		assert.ok(odd instanceof Error);
	});
});

describe('what cannot be sent', () => {
	class Account {}
	for (const [value, what, where] of [
		[() => 1, 'a function', 'result'],
		[{ a: [0, { b: Symbol('s') }] }, 'a symbol', 'result.a[1].b'],
		[{ accounts: [new Account()] }, 'an instance of Account', 'result.accounts[0]'],
		[new Map([['key', new Account()]]), 'an instance of Account', 'result.get(key)'],
		[new Set([new WeakMap()]), 'an instance of WeakMap', 'result.item'],
		[Promise.resolve(1), 'an instance of Promise', 'result'],
		[{ method: () => 1 }, 'a function', 'result.method'],
	] as const) {
		test(`is refused by its path: ${where}`, () => {
			assert.throws(
				() => pack(value, 'result'),
				(error: NotSpawnableError) =>
					error instanceof NotSpawnableError &&
					error.code === 'ERR_NOT_SPAWNABLE' &&
					error.message.startsWith(`Cannot send ${what} to another thread: found at ${where}. `),
			);
		});
	}

	test('is refused by the port as well, in the same words', () => {
		const detached = new Uint8Array(8);
		structuredClone(detached.buffer, { transfer: [detached.buffer] });
		assert.throws(() => travel(pack({ detached })), { code: 'ERR_NOT_SPAWNABLE', message: /^Cannot send a value to another thread: / });
	});
});

describe('registerHandle()', () => {
	class Door {
		readonly handle: number;
		constructor(handle: number) {
			this.handle = handle;
		}
	}
	registerHandle<Door>({
		tag: 'test.Door',
		is: (value): value is Door => value instanceof Door,
		encode: (door) => ({ handle: door.handle, data: 'oak' }),
		decode: (handle, data) => Object.assign(new Door(handle), { data }),
	});

	test('lets instances arrive as such, and tells the hub their handles', () => {
		const door = new Door(12);
		const packet = pack({ front: door, back: door, cellar: new Door(13) });
		assert.deepEqual(packet.handles, [12, 13]);
		const { front, back } = unpack(travel(packet).packet) as { front: Door; back: Door };
		assert.ok(front instanceof Door && front === back);
		assert.deepEqual({ ...front }, { handle: 12, data: 'oak' });
	});
});

describe('Lent', () => {
	const standIn = (value: object): object | undefined => {
		if (typeof value === 'function') return { name: value.name };
		return value instanceof WeakSet ? Buffer.from('weak') : undefined;
	};
	const add = (): undefined => undefined;

	test('has something else travel in place of what could not, at any depth', () => {
		const lent = new Lent({ add, deep: [new WeakSet(), add], plain: { a: 1 } }, '', standIn);
		assert.deepEqual(roundTrip({ lent }), {
			lent: { add: { name: 'add' }, deep: [Buffer.from('weak'), { name: 'add' }], plain: { a: 1 } },
		});
	});

	test('leaves what stands beside it to the rules, and gives refusals its own path', () => {
		assert.throws(() => pack([new Lent(add, '', standIn), () => undefined], 'root'), /Cannot send a function .* found at root\[1\]\./);
		assert.throws(() => pack([new Lent([Symbol('no')], '[7]', standIn)], 'root'), /Cannot send a symbol .* found at root\[7\]\[0\]\./);
	});

	test('keeps circles', () => {
		const value: { add: unknown; self?: unknown } = { add };
		value.self = value;
		const got = roundTrip(new Lent(value, '', standIn)) as unknown as typeof value;
		assert.equal(got.self, got);
		assert.deepEqual(got.add, { name: 'add' });
	});
});
