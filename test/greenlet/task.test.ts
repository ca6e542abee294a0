import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { taskName } from '../../src/greenlet/task.js';
import { task, tasks } from '../../src/index.js';

describe('task()', () => {
	test('returns the very function, which remains callable in place', () => {
		const double = (n: number): number => 2 * n;
		assert.equal(task(import.meta, double), double);
		assert.equal(double(2), 4);
		assert.deepEqual(taskName(double), { url: import.meta.url, task: 'double' });
	});

	test('takes a CommonJS module for the place', () => {
		const local = function local() {
			return 1;
		};
		task({ filename: '/app/tasks.cjs' }, local);
		assert.equal(taskName(local).url, pathToFileURL('/app/tasks.cjs').href);
	});

	for (const [what, call, message] of [
		[
			'a function without a name',
			() =>
				task(
					import.meta,
					(
						() => () =>
							1
					)(),
				),
			/without a name/,
		],
		[
			'a second one of the same name',
			() =>
				[1, 2].map(() =>
					task(import.meta, function twice() {
						return 1;
					}),
				),
			/a second task called twice in file:/,
		],
		[
			'what is no function',
			() => task(import.meta, 5 as unknown as () => void),
			/^Cannot register a task that is no function, received number$/,
		],
		['a member that is no function', () => tasks(import.meta, { a: 1 as unknown as () => void }), /^Cannot register a: /],
		[
			'a place that is none',
			() =>
				task('here' as unknown as { url: string }, function placeless() {
					return 1;
				}),
			/its first argument must be import\.meta or module, received here$/,
		],
		['no place', () => tasks(null as unknown as { url: string }, {}), /received null$/],
		[
			'the REPL',
			() =>
				task({ filename: null }, function typed() {
					return 1;
				}),
			/must be import\.meta or module/,
		],
	] as const) {
		test(`refuses ${what}`, () => {
			assert.throws(call, { name: 'NotSpawnableError', code: 'ERR_NOT_SPAWNABLE', message });
			assert.throws(call, TypeError);
		});
	}
});

describe('tasks()', () => {
	test('registers under the keys, whatever the functions are called', () => {
		const group = { one: () => 1, two: Math.max };
		assert.equal(tasks(import.meta, group), group);
		assert.equal(taskName(group.two).task, 'two');
	});
});
