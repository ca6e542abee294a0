import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkWorkerClass, WORKER_CLASS_NAMES, workerClassNotice, workerClassOf } from '../../../src/server/config/worker-class-name.js';

test('The classes run under their own names, silently', () => {
	for (const worker_class of WORKER_CLASS_NAMES) {
		assert.equal(checkWorkerClass(worker_class), worker_class);
		assert.equal(workerClassOf({ worker_class, threads: 1 }), worker_class);
		assert.equal(workerClassNotice({ worker_class, threads: 1 }), undefined);
	}
});

for (const [alias, name] of [
	['gevent_wsgi', 'gevent'],
	['gevent_pywsgi', 'gevent'],
	['eventlet', 'gevent'],
	['asgi', 'async'],
	['tornado', 'async'],
	['gaiohttp', 'async'],
] as const) {
	test(`${alias} runs as ${name}, with one line that says so`, () => {
		const settings = { worker_class: checkWorkerClass(alias), threads: 1 };
		assert.equal(workerClassOf(settings), name);
		assert.match(
			workerClassNotice(settings) ?? '',
			new RegExp(`^Worker class ${alias} is deprecated and runs as ${name}: use .* ${name}$`),
		);
	});
}

test('More than one thread turns sync into gthread, and nothing else', () => {
	assert.equal(workerClassOf({ worker_class: 'sync', threads: 2 }), 'gthread');
	assert.equal(workerClassOf({ worker_class: 'gevent', threads: 2 }), 'gevent');
});

test('A path is taken as it is, anything else is refused with the nearest name', () => {
	assert.equal(checkWorkerClass('./own-worker.ts'), './own-worker.ts');
	assert.equal(checkWorkerClass('worker.mjs'), 'worker.mjs');
	assert.throws(() => checkWorkerClass('gevnt'), /did you mean 'gevent'/);
	assert.throws(() => checkWorkerClass('fork'), { name: 'RangeError' });
});
