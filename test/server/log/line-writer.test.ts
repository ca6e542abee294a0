import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { eventually, Folder, LogChild, Pipe } from '../../support/log-child.js';

const FORMAT = '<%(U)s>';
const THOUSANDS = 20_000;

function url(letter: string): string {
	return letter.repeat(90);
}

function assertWhole(text: string, letters: readonly string[], each: number): void {
	const lines = text.split('\n');
	assert.equal(lines.pop(), '');
	for (const letter of letters) assert.equal(lines.filter((line) => line === `<${url(letter)}>`).length, each);
	assert.equal(lines.length, letters.length * each);
}

describe('Lines of several processes stay whole', () => {
	test('in a file', async () => {
		using folder = new Folder();
		const path = folder.file('access.log');
		const letters = ['a', 'b', 'c'];
		const children = await Promise.all(letters.map(() => LogChild.start({ accesslog: path, access_log_format: FORMAT })));
		await Promise.all(children.map((child, at) => child.tell('longestTurn', url(letters[at] as string), THOUSANDS)));
		await Promise.all(children.map((child) => child.tell('close', '', 2_000)));
		assertWhole(readFileSync(path, 'utf8'), letters, THOUSANDS);
		for (const child of children) await child[Symbol.asyncDispose]();
	});

	test('in a pipe that is full now and then', async () => {
		using folder = new Folder();
		using pipe = new Pipe(folder);
		const letters = ['a', 'b', 'c'];
		const children = await Promise.all(
			letters.map(() => LogChild.start({ accesslog: '-', access_log_format: FORMAT }, { output: [pipe.writer, 'pipe'] })),
		);
		await Promise.all(children.map((child, at) => child.tell('longestTurn', url(letters[at] as string), 2_000)));
		let text = '';
		await eventually('all lines are read', () => {
			text += pipe.read();
			return text.length === letters.length * 2_000 * (url('a').length + 3);
		});
		assertWhole(text, letters, 2_000);
		for (const child of children) await child[Symbol.asyncDispose]();
	});
});

describe('A reader that has stopped', () => {
	for (const kind of ['pipe', 'socket'] as const) {
		test(`blocks neither the hub nor the pool nor the exit: ${kind}`, async () => {
			using folder = new Folder();
			using pipe = new Pipe(folder);
			const output = [kind === 'pipe' ? pipe.writer : 'pipe', kind === 'pipe' ? pipe.writer : 'ignore'] as const;
			await using child = await LogChild.start({ accesslog: '-', access_log_format: FORMAT }, { output });
			// Whatever waited for the reader would wait for ever, and would not answer.
			await child.tell('longestTurn', url('a'), THOUSANDS);
			await child.tell('spawn');
			await child.tell('error', 'lost in the crowd', 10);
			await child.tell('access', url('b'), 1_000);
			assert.match(String(await child.tell('usePool')), /127\.0\.0\.1|::1/);
			assert.equal((await child.ending('exit', '', 7)).status, 7);
		});
	}

	test('misses lines beyond the bound, which are counted once it reads again', async () => {
		using folder = new Folder();
		using pipe = new Pipe(folder);
		await using child = await LogChild.start({ accesslog: '-', access_log_format: FORMAT }, { output: [pipe.writer, 'pipe'] });
		const count = 200_000;
		await child.tell('longestTurn', url('a'), count);
		let text = '';
		const [, dropped] = await eventually(
			'the dropped lines are told',
			() => {
				text += pipe.read();
				return /\[WARNING\] Lines dropped because the reader of standard output did not keep up: (\d+)/.exec(child.errors) ?? undefined;
			},
			1,
		);
		text += pipe.read();
		assertWhole(text, ['a'], count - Number(dropped));
		assert.ok(Number(dropped) > 0);
	});

	test('and never reads again costs no more than one line', async () => {
		using folder = new Folder();
		const pipe = new Pipe(folder);
		await using child = await LogChild.start({ accesslog: '-', access_log_format: FORMAT }, { output: [pipe.writer, 'pipe'] });
		pipe[Symbol.dispose]();
		await child.tell('longestTurn', url('a'), THOUSANDS);
		await eventually('it is told', () => child.errors.includes('Cannot write to standard output'));
		await child.tell('longestTurn', url('a'), THOUSANDS);
		assert.match(child.errors, /^\[.*\] \[WARNING\] Cannot write to standard output, which is tried again each second: EPIPE.*\n$/);
		assert.equal((await child.ending('exit', '', 0)).status, 0);
	});
});

describe('The last lines before an exit arrive', () => {
	test('in files', async () => {
		using folder = new Folder();
		const [errorlog, accesslog] = [folder.file('error.log'), folder.file('access.log')];
		await using child = await LogChild.start({ errorlog, accesslog, access_log_format: FORMAT });
		await child.tell('access', '/before', 500);
		assert.equal((await child.ending('accessAndExit', '/last', 3)).status, 3);
		assert.match(readFileSync(accesslog, 'utf8'), /^(<\/before>\n){500}<\/last>\n$/);
		await using other = await LogChild.start({ errorlog });
		assert.equal((await other.ending('errorAndExit', 'the last words', 4)).status, 4);
		assert.match(readFileSync(errorlog, 'utf8'), /\[ERROR\] the last words\n$/);
	});

	test('in a pipe', async () => {
		using folder = new Folder();
		using pipe = new Pipe(folder);
		await using child = await LogChild.start({}, { output: ['ignore', pipe.writer] });
		await child.ending('errorAndExit', 'the last words', 4);
		assert.match(pipe.read(), /^\[.*\] \[ERROR\] the last words\n$/);
	});
});

describe('A log that is opened anew', () => {
	test('goes on in a new file after the old one has been moved away', async () => {
		using folder = new Folder();
		const [errorlog, accesslog] = [folder.file('error.log'), folder.file('access.log')];
		await using child = await LogChild.start({ errorlog, accesslog, access_log_format: FORMAT });
		await child.tell('error', 'one');
		await child.tell('access', '/one');
		for (const path of [errorlog, accesslog]) renameSync(path, `${path}.1`);
		await child.tell('error', 'two');
		await child.tell('reopen');
		await child.tell('error', 'three');
		await child.tell('access', '/three');
		await child.tell('close', '', 1_000);
		assert.match(readFileSync(`${errorlog}.1`, 'utf8'), /^.*one\n.*two\n$/);
		assert.match(readFileSync(errorlog, 'utf8'), /^.*three\n$/);
		assert.equal(readFileSync(`${accesslog}.1`, 'utf8'), '</one>\n');
		assert.equal(readFileSync(accesslog, 'utf8'), '</three>\n');
	});

	test('stays in the old file when the new one cannot be opened', async () => {
		using folder = new Folder();
		mkdirSync(folder.file('logs'));
		const accesslog = folder.file('logs/access.log');
		await using child = await LogChild.start({ accesslog, access_log_format: FORMAT });
		renameSync(folder.file('logs'), folder.file('old'));
		writeFileSync(folder.file('logs'), '');
		await child.tell('reopen');
		await child.tell('access', '/still');
		await child.tell('close', '', 1_000);
		assert.equal(readFileSync(folder.file('old/access.log'), 'utf8'), '</still>\n');
		await eventually('it is told', () => child.errors.includes('goes on in the old file'));
		assert.match(child.errors, /^\[.*\] \[ERROR\] Cannot reopen the access log \S+, which goes on in the old file: ENOTDIR.*\n$/);
	});
});

/** A small file system of its own; undefined where none can be mounted. */
function mountSmall(folder: Folder): string | undefined {
	const path = folder.file('small');
	mkdirSync(path);
	try {
		execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', path], { stdio: 'ignore' });
		return path;
	} catch {
		return undefined;
	}
}

test('A full disk costs one line, and ends nothing', async (context) => {
	using folder = new Folder();
	const small = mountSmall(folder);
	if (!small) {
		context.skip('a tmpfs cannot be mounted here');
		return;
	}
	try {
		const [errorlog, filler] = [`${small}/error.log`, `${small}/filler`];
		writeFileSync(filler, Buffer.alloc(48 * 1024));
		await using child = await LogChild.start({ errorlog, accesslog: `${small}/access.log`, access_log_format: FORMAT });
		const complaint = /\[WARNING\] Cannot write to (\S+), which is tried again each second: ENOSPC/g;
		await child.tell('access', url('a'), 300);
		// It is written a little later, and must have taken all the room before the other log needs some.
		await eventually('the access log is said to fail', () => [...child.errors.matchAll(complaint)].length > 0);
		await child.tell('error', 'while it is full', 100);
		await eventually('both logs are said to fail', () => [...child.errors.matchAll(complaint)].length === 2);
		await child.tell('error', 'while it is full', 100);
		rmSync(filler);
		await eventually('both work again', () => [...child.errors.matchAll(/Writing to \S+ works again\n/g)].length === 2);
		await child.tell('error', 'after it was full');
		const text = readFileSync(errorlog, 'utf8');
		assert.equal([...text.matchAll(/while it is full\n/g)].length, 200);
		assert.match(text, /after it was full\n$/);
		assertWhole(readFileSync(`${small}/access.log`, 'utf8'), ['a'], 300);
		assert.equal([...child.errors.matchAll(complaint)].length, 2);
		assert.equal((await child.ending('exit', '', 0)).status, 0);
	} finally {
		execFileSync('umount', [small]);
	}
	assert.ok(!existsSync(`${small}/error.log`));
});

test('A file inherited as standard output keeps what others write to it', async () => {
	using folder = new Folder();
	const path = folder.file('out');
	writeFileSync(path, 'before\n');
	const fd = openSync(path, 'a');
	await using child = await LogChild.start({ accesslog: '/dev/stdout', access_log_format: FORMAT }, { output: [fd, 'ignore'] });
	closeSync(fd);
	await child.tell('access', '/one');
	await child.tell('close', '', 1_000);
	assert.equal(readFileSync(path, 'utf8'), 'before\n</one>\n');
});
