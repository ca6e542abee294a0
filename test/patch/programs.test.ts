/** Programs that look like any other, each in a process of its own, with the patch as their first line or before it. */
import assert from 'node:assert/strict';
import nodeModule from 'node:module';
import { describe, test } from 'node:test';
import { runNode } from '../support/node-process.js';
import { projectPath } from '../support/project.js';

interface Said {
	readonly lines: readonly string[];
	/** The first line, which some programs write as JSON. */
	readonly json: unknown;
	readonly stderr: string;
}

async function run(program: string, ...flags: string[]): Promise<Said> {
	const { status, signal, stdout, stderr } = await runNode([...flags, projectPath('test/fixtures/patch', program)]);
	assert.deepEqual({ status, signal }, { status: 0, signal: null }, stdout + stderr);
	const lines = stdout.trimEnd().split('\n');
	return { lines, json: lines[0]?.startsWith('{') ? JSON.parse(lines[0]) : undefined, stderr };
}

const CALLED_TO_ACCOUNT = (code: string) => ({
	lookup: [code, 'Cannot call dns.lookup() here:'],
	lookupSync: [code, 'Cannot call lookupSync() here:'],
	readFile: [code, 'Cannot call fs.readFile() here:'],
	explicit: ['ERR_INVALID_ARG_TYPE', 'The "cb" argument must'],
	output: 'out\n',
});

describe('after tsgevent/patch', () => {
	test('a CommonJS program blocks where its callbacks are missing', async () => {
		const { json, lines, stderr } = await run('blocking.cjs');
		assert.deepEqual(json, {
			firstLine: "require('tsgevent/patch');",
			address: '127.0.0.1',
			bytes: true,
			exists: true,
			missing: 'ENOENT',
			real: true,
			unzipped: 'text',
			key: 4,
			added: true,
			explicit: ['ERR_INVALID_ARG_TYPE', 'ERR_INVALID_ARG_TYPE'],
			explicitLookup: 'ERR_INVALID_ARG_TYPE',
		});
		assert.deepEqual(lines.slice(1).sort(), ['callback null 127.0.0.1', 'promisified 127.0.0.1', 'promisified true']);
		assert.equal(stderr, '');
	});

	test('named imports that were linked earlier are live', async () => {
		assert.deepEqual((await run('blocking.mjs')).json, {
			earlier: ['127.0.0.1', true, true],
			named: [{ address: '127.0.0.1', family: 4 }],
			added: ['127.0.0.1', 'function', 'function', 'function', 'function'],
			refused: 'ECONNREFUSED',
			overHttp: 'ECONNREFUSED',
			overHttps: 'ECONNREFUSED',
			names: ['getSync', 'requestSync', 'resolve4Sync'],
		});
	});

	test('greenlets are patched before they import the program, and a killed one leaves execSync', async () => {
		const { json, lines } = await run('tasks.mjs');
		assert.deepEqual(json, { address: '127.0.0.1', added: '127.0.0.1', text: true, output: 'out\n', missing: 'ENOENT' });
		assert.deepEqual(lines.slice(1), ['finally', 'killed ERR_GREENLET_EXIT']);
	});

	test('threads are patched as patchAll() was told, in all of its calls', async () => {
		const state = { patched: ['dns', 'child_process'], zlib: 'ERR_INVALID_ARG_TYPE' };
		assert.deepEqual((await run('options.mjs')).json, { main: state, thread: state });
	});

	test('callback-less calls in callbacks of the main thread are refused until they are allowed', async () => {
		assert.deepEqual((await run('main-callback.cjs')).lines, [
			'ERR_BLOCKING_HUB ERR_BLOCKING_HUB ERR_INVALID_ARG_TYPE',
			'returned returned ERR_INVALID_ARG_TYPE',
		]);
	});

	test("an app's own Worker falls through to the originals", async () => {
		const { json, lines } = await run('own-worker.mjs');
		assert.deepEqual(json, CALLED_TO_ACCOUNT('ERR_WRONG_THREAD'));
		assert.deepEqual(lines.slice(1), ['null 127.0.0.1']);
	});

	test('the hub falls through to the originals', async () => {
		const { json, lines } = await run('hub.mjs');
		assert.deepEqual(json, CALLED_TO_ACCOUNT('ERR_BLOCKING_HUB'));
		assert.deepEqual(lines.slice(1), ['null 127.0.0.1']);
	});
});

describe('a warning', () => {
	test('names the modules that took functions too early, and which', async () => {
		const { lines, stderr } = await run('late.cjs');
		assert.deepEqual(lines, ['string function']);
		const named = stderr.split('\n').filter((line) => line.startsWith('  '));
		assert.match(stderr, /\[TSGEVENT_LATE_PATCH\] TsgeventWarning: /);
		assert.deepEqual(named, [
			`  ${projectPath('test/fixtures/patch/late.cjs')}: zlib.gzip`,
			`  ${projectPath('test/fixtures/patch/captures.cjs')}: dns.resolve4, fs.readFile, fs.stat`,
		]);
	});

	test('is not given to a program that patches first', async () => {
		const { lines, stderr } = await run('in-time.cjs');
		assert.deepEqual({ lines, stderr }, { lines: ['true true'], stderr: '' });
	});
});

describe('--import tsgevent/register', () => {
	const flags = ['--import', 'tsgevent/register'];
	const imported = {
		named: '127.0.0.1',
		thread: '127.0.0.1',
		callbackLess: '127.0.0.1',
		same: [true, true, true, true],
		others: ['function', 'function'],
	};

	test('gives ES modules the added names, in threads too, and warns of nothing', async () => {
		const { json, stderr } = await run('register.mjs', ...flags);
		assert.deepEqual({ json, stderr }, { json: imported, stderr: '' });
	});

	const skip = 'registerHooks' in nodeModule ? false : 'without module hooks the keys of a module are fixed by its first import';
	test('gives them although another preload imported the core module before', { skip }, async () => {
		const { json } = await run('register.mjs', '--import', 'data:text/javascript,import "node:dns"', ...flags);
		assert.deepEqual(json, imported);
	});

	test('patches CommonJS programs', async () => {
		const { lines, stderr } = await run('registered.cjs', ...flags);
		assert.deepEqual({ lines, stderr }, { lines: ['127.0.0.1 127.0.0.1 true'], stderr: '' });
	});
});
