/** Async libraries in blocking code: what calls, values, functions and errors become. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { inspect } from 'node:util';
import { configure, sleep } from '../../src/index.js';
import { releaseProxy, wrapSync } from '../../src/io/proxy.js';
import type * as ComlinkApp from '../fixtures/comlink-app.js';
import { library } from '../fixtures/proxy-tasks.js';
import { projectPath } from '../support/project.js';
import { thrown } from '../support/thrown.js';

configure({ allowMainCallbacks: true });

const { Client, shared } = library;

describe('A module', () => {
	test('is found as a package, a builtin with and without its prefix, a path and a URL', () => {
		for (const specifier of ['node:timers/promises', 'timers/promises']) {
			assert.equal(wrapSync<typeof import('node:timers/promises')>(import.meta, specifier).setTimeout(1, 'rung'), 'rung');
		}
		const url = new URL('../fixtures/proxied-library.js', import.meta.url).href;
		assert.equal(wrapSync<{ version: string }>(import.meta, url).version, '1.2.3');
		assert.equal(wrapSync<{ version: string }>({ filename: import.meta.filename }, '../fixtures/proxied-library.js').version, '1.2.3');
		assert.equal(typeof wrapSync<typeof import('undici')>({ filename: import.meta.filename }, 'undici').Client, 'function');
	});

	test('that is not there is an error: of the name at once, of the file when it is used, as often as it is', () => {
		assert.equal(thrown(() => wrapSync(import.meta, 'no-such-package')).code, 'ERR_MODULE_NOT_FOUND');
		assert.equal(thrown(() => wrapSync({ filename: import.meta.filename }, 'no-such-package')).code, 'MODULE_NOT_FOUND');
		const missing = wrapSync<{ anything(): void }>(import.meta, './no-such-file.js');
		for (let i = 0; i < 2; i++) assert.equal(thrown(() => missing.anything()).code, 'ERR_MODULE_NOT_FOUND');
	});

	test('is asked for by import.meta or module, and by a string', () => {
		assert.equal(thrown(() => wrapSync({} as ImportMeta, './x.js')).code, 'ERR_NOT_SPAWNABLE');
		assert.equal(thrown(() => wrapSync(import.meta, 1 as unknown as string)).code, 'ERR_INVALID_ARG_TYPE');
	});

	test('lets its exports be read, called and constructed, those below others too', () => {
		assert.equal(library.version, '1.2.3');
		assert.equal(library.sub.prefix, 'sub');
		assert.equal(library.sub.greet('you'), 'hello you');
		assert.equal(library.sub.whoAmI(), 'sub');
		assert.deepEqual([library.compiled.kind, library.compiled.run()], ['compiled', 'ran']);
		assert.equal(Client.create('static').options.host, 'static');
		assert.equal(typeof Client.made, 'number');
		assert.equal(shared.options.host, 'shared');
	});

	test('of CommonJS has what only its default holds, and is called as its default', () => {
		const fixture = `data:text/javascript,import { createRequire } from 'node:module'; export default createRequire('file:///')('node:path');`;
		assert.equal(wrapSync<typeof import('node:path')>(import.meta, fixture).basename('/a/b'), 'b');
		const callable = wrapSync<object>(import.meta, 'data:text/javascript,export default (n) => n + 1') as unknown as (n: number) => number;
		assert.equal(callable(1), 2);
	});
});

describe('An object', () => {
	test('is constructed, called, read and written, and parks for promises', () => {
		using client = new Client({ host: 'h' });
		assert.equal(client.connected, false);
		client.connect();
		assert.equal(client.connected, true);
		assert.equal(client.query('q', [1, 2, 3]).count(), 3);
		assert.equal(client.queries, 1);
		client.tag = { deep: [Buffer.from('b')] };
		assert.deepEqual(client.tag, { deep: [Buffer.from('b')] });
	});

	test('is itself when a method gives it, and when it is sent back', () => {
		using client = new Client({ host: 'h' });
		assert.equal(client.label('x'), client);
		client.peer = shared as never;
		assert.equal(client.samePeer(shared), true);
		assert.equal(client.samePeer(client), false);
		assert.equal(client.query, client.query);
		const { query } = client;
		assert.equal(query('q', [1]).count(), 1);
		assert.equal(client.query.call(undefined, 'q', [1]).count(), 1);
	});

	test('shows its keys, and is printed without being asked', () => {
		using client = new Client({ host: 'h' });
		assert.ok(Object.keys(client).includes('options'));
		assert.equal('connected' in client, true);
		assert.equal('query' in client, true);
		assert.equal('nothing' in client, false);
		assert.deepEqual({ ...client }.options, { host: 'h' });
		assert.equal(JSON.parse(JSON.stringify(client)).connected, false);
		assert.equal(inspect(client), '[Proxy of Client]');
		assert.equal(inspect(Client), '[Proxy of Client]');
		assert.equal(String(client), '[object Object]');
	});

	test('that is something else when it is waited for cannot be constructed', () => {
		assert.throws(() => new library.Thenable(), TypeError);
		assert.equal(library.echo('on'), 'on');
	});

	test('refuses what cannot be passed on to the hub', () => {
		using client = new Client({ host: 'h' });
		assert.throws(() => delete (client as { tag?: unknown }).tag, TypeError);
		assert.throws(() => Object.defineProperty(client, 'tag', { value: 1 }), TypeError);
		assert.match(thrown(() => (shared.options as unknown as () => void)()).message, /not a function/);
		assert.match(thrown(() => (library as unknown as { nothing(): void }).nothing()).message, /not a function/);
	});
});

describe('A value', () => {
	test('is cloned when it is data, and a proxy when it can do something', () => {
		const mixed = library.mixed() as Record<string, unknown>;
		assert.deepEqual([mixed.bytes, mixed.when, mixed.map], [Buffer.from('bytes'), new Date(0), new Map([['a', 1]])]);
		assert.deepEqual((mixed.result as { rows: unknown }).rows, [{ id: 1 }]);
		assert.equal((mixed.list as ((n: number) => number)[])[0]?.(1), 2);
		assert.equal(library.adder(2)(3), 5);
	});

	for (const value of [
		undefined,
		null,
		true,
		0,
		-0,
		1n,
		'text',
		[undefined],
		{ a: [1n] },
		new Error('e'),
		new URL('http://h/'),
		Buffer.alloc(300_000, 7),
	]) {
		test(`comes back as it was: ${inspect(value).slice(0, 40)}`, () => {
			assert.deepEqual(library.echo(value), value);
		});
	}

	test('of an instance without methods is its data', () => {
		const { rows, first } = shared.query('q', [1]);
		assert.deepEqual([rows, first, Object.getPrototypeOf(first)], [[{ id: 0 }], { id: 0 }, Object.prototype]);
	});

	test('that cannot be sent is refused by its path, in both directions', () => {
		const sent = thrown(() => library.echo({ a: [Symbol('no')] }));
		assert.equal(sent.code, 'ERR_NOT_SPAWNABLE');
		assert.match(sent.message, /^Cannot send a symbol to another thread: found at argument\[0\]\.a\[0\]/);
		assert.match(sent.stack ?? '', /^.*\n {4}at .*proxy\.test\.js/);
		assert.match(thrown(() => library.echo(new WeakSet())).message, /an instance of WeakSet .* argument\[0\]\./);
		const got = thrown(() => library.unsendable());
		assert.match(got.message, /^Cannot send a symbol to another thread: found at answer\.deep\[0\]/);
		assert.equal(library.echo('on'), 'on');
	});
});

describe('A function given as an argument', () => {
	test('is called while its greenlet is parked, and may block, through a proxy too', () => {
		assert.deepEqual(
			shared.each(3, (index) => index * 2),
			[0, 2, 4],
		);
		const blocking = (index: number): number => {
			sleep(1);
			return shared.each(2, (inner) => shared.query('q', [1]).count() + inner + index).at(-1) as number;
		};
		assert.deepEqual(shared.each(2, blocking), [2, 3]);
	});

	test('is found inside plain objects', () => {
		const seen: unknown[] = [];
		const sum = shared.useOptions({
			onStart: (name) => void seen.push(name),
			steps: [{ visit: (n) => n + 1 }, { visit: (n) => n + 5 }],
		});
		assert.deepEqual([sum, seen], [7, ['shared']]);
	});

	test('that nobody waits for runs before the call returns', () => {
		using client = new Client({ host: 'h' });
		const news: number[] = [];
		const listener = (item: number): void => void news.push(item);
		client.on('news', listener);
		assert.equal(client.announce(5), 5);
		assert.deepEqual(news, [0, 1, 2, 3, 4]);
		client.off('news', listener);
		client.announce(1);
		assert.equal(news.length, 5);
	});

	test('that was asked for in between runs when its greenlet is in a call again, which may wait for it', () => {
		using asker = new library.Asker();
		asker.askLater(() => 'the answer');
		sleep(5);
		assert.equal(asker.asked(), 'the answer');
	});

	test('is called while its greenlet waits for a module to be imported', () => {
		const slow = wrapSync<{ hello(): string }>(import.meta, '../fixtures/proxied-slow-library.js');
		using asker = new library.Asker();
		asker.askLater(() => 'go on');
		assert.equal(slow.hello(), 'hello');
	});

	test('throws at whoever calls it, and from there at its own greenlet', () => {
		const error = thrown(() =>
			shared.each(1, function visit(): number {
				throw new RangeError('from the function');
			}),
		);
		assert.ok(error instanceof RangeError);
		assert.match(error.stack ?? '', /^RangeError: from the function\n {4}at visit/);
		assert.match(thrown(() => shared.each(1, () => Symbol('no') as unknown as number)).message, /found at result of a function\./);
		assert.match(thrown(() => shared.each(1, async () => 1)).message, /an instance of Promise/);
		assert.equal(library.echo('on'), 'on');
	});
});

describe('An error', () => {
	test('keeps its name, code, fields and cause, and has the stack of both sides', () => {
		const error = thrown<Error & { code: string; detail: unknown }>(function blockingCode() {
			shared.query('bad');
		});
		assert.deepEqual(
			[error.name, error.message, error.code, error.detail, error.cause instanceof TypeError],
			['LibraryError', 'There is no such table', 'E_LIBRARY', { position: 7 }, true],
		);
		assert.match(
			error.stack ?? '',
			/^LibraryError: There is no such table\n {4}at Client\.query .*proxied-library.*\n {4}at blockingCode .*proxy\.test\.js/,
		);
		assert.doesNotMatch(error.stack ?? '', /src\/(?:io|engine)\//);
	});

	test('of the system has its number', () => {
		const files = wrapSync<typeof import('node:fs/promises')>(import.meta, 'node:fs/promises');
		const error = thrown(() => files.readFile('/no/such/file'));
		assert.deepEqual([error.code, error.syscall, typeof error.errno], ['ENOENT', 'open', 'number']);
	});

	test('may be anything', () => {
		try {
			library.throwText();
			assert.fail('nothing was thrown');
		} catch (error) {
			assert.equal(error, 'a text');
		}
	});
});

describe('for ... of', () => {
	test('goes through what is iterable, async or not', () => {
		assert.deepEqual([...shared.items(3)], [{ index: 0 }, { index: 1 }, { index: 2 }]);
		assert.deepEqual([...library.numbers()], [1, 2]);
		assert.throws(() => [...(shared as unknown as Iterable<unknown>)], TypeError);
	});

	test('ends the iteration on the hub when it is left', () => {
		for (const { index } of shared.items(10)) if (index === 1) break;
		assert.equal(library.iterations(), 0);
	});

	test('throws what the iteration throws', () => {
		const failing = wrapSync<{ default(): AsyncIterable<number> }>(
			import.meta,
			`data:text/javascript,export default async function* () { yield 1; throw new RangeError('broken'); }`,
		);
		const seen: number[] = [];
		assert.throws(() => {
			for (const item of failing.default()) seen.push(item);
		}, /RangeError: broken/);
		assert.deepEqual(seen, [1]);
	});
});

describe('using', () => {
	test('disposes of what is disposable, and releases', () => {
		const session = new library.Session();
		{
			using same = session;
			assert.equal(same.use(), 'used');
		}
		assert.equal(library.closedSessions(), 1);
		const error = thrown(() => session.use());
		assert.deepEqual([error.code, error.message], ['ERR_CLOSED', 'Cannot use the proxy of Session: it was released']);
		session[releaseProxy]();
		assert.equal(thrown(() => library.echo(session)).code, 'ERR_CLOSED');
		shared[releaseProxy]();
		assert.equal(shared.options.host, 'shared');
	});

	test("of a file closes it; Comlink's own symbol releases", async () => {
		const files = wrapSync<typeof import('node:fs/promises')>(import.meta, 'node:fs/promises');
		const file = files.open(projectPath('package.json'));
		assert.match(file.readFile('utf8'), /"tsgevent"/);
		file[Symbol.dispose]();
		const result = shared.query('q', [1]);
		const comlink = await import('comlink');
		(result as unknown as Record<symbol, () => void>)[comlink.releaseProxy]?.();
		assert.equal(thrown(() => result.count()).code, 'ERR_CLOSED');
	});
});

test('undici works through a proxy, streams included', () => {
	const { Client: HttpClient } = wrapSync<typeof import('undici')>(import.meta, 'undici');
	const peer = library.serve();
	using client = new HttpClient(peer.origin);
	const { statusCode, headers, body } = client.request({ method: 'POST', path: '/path', body: 'a body' });
	assert.equal(statusCode, 200);
	assert.match(String(headers['content-type']), /json/);
	const { method, url } = JSON.parse(Buffer.concat([...(body as unknown as Iterable<Buffer>)]).toString()) as Record<string, string>;
	assert.deepEqual([method, url], ['POST', '/path']);
	assert.deepEqual(client.request({ method: 'GET', path: '/' }).body.json(), client.request({ method: 'GET', path: '/' }).body.json());
	client.close();
	peer.stop();
});

test("an app's own use of Comlink on the hub, and its handlers, are left alone", () => {
	const app = wrapSync<typeof ComlinkApp>(import.meta, '../fixtures/comlink-app.js');
	assert.equal(app.result().count(), 0);
	assert.deepEqual(app.ownUse(), [3, { mine: 0 }]);
	assert.deepEqual(app.handlers(), [
		['proxy', 'throw'],
		['proxy', 'throw', 'result', 'everything'],
	]);
	// The greedy handler was shown what passes through Comlink, and has spoiled nothing.
	assert.ok(app.timesShown() > 0);
	assert.equal(thrown(() => shared.query('bad')).code, 'E_LIBRARY');
});
