import assert from 'node:assert/strict';
import * as node from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { configure, joinAll, spawn, withTimeout } from '../../src/index.js';
import * as ours from '../../src/io/child-process.js';
import { eventually } from '../support/background.js';
import { runShell, runShellCarefully, variable } from '../support/child-tasks.js';
import { runNode } from '../support/node-process.js';

configure({ allowMainCallbacks: true });

type Name = 'spawnSync' | 'execFileSync' | 'execSync';
type Call = readonly [name: Name, ...args: unknown[]];

/** What a call returns or throws, without what differs from one child to the next: its id and the stack. */
function outcome(module: Pick<typeof node, Name>, [name, ...args]: Call): unknown {
	try {
		return { returned: plain((module[name] as (...args: unknown[]) => unknown)(...args)) };
	} catch (error) {
		return { thrown: plain(error) };
	}
}

function plain(value: unknown, seen = new Set<unknown>()): unknown {
	if (typeof value !== 'object' || value === null || Buffer.isBuffer(value)) return value;
	// The errors of the exec functions hold themselves.
	if (seen.has(value)) return 'again';
	seen.add(value);
	if (Array.isArray(value)) return value.map((item) => plain(item, seen));
	const fields = Object.entries(value).map(([key, item]) => [key, key === 'pid' ? Math.sign(item as number) : plain(item, seen)]);
	const error = value instanceof Error ? { name: value.name, message: value.message } : {};
	return { ...error, ...Object.fromEntries(fields) };
}

describe('child_process', () => {
	const folder = mkdtempSync(join(tmpdir(), 'tsgevent-child-'));
	const path = process.env.PATH as string;
	after(() => rmSync(folder, { recursive: true }));

	describe('gives what Node itself gives', () => {
		const calls: readonly Call[] = [
			['spawnSync', 'echo', ['a', 'b c']],
			['spawnSync', 'echo', ['a'], { encoding: 'utf8' }],
			['spawnSync', 'echo', ['a'], { encoding: 'buffer' }],
			['spawnSync', 'echo a; echo b >&2; exit 3', { shell: true, encoding: 'utf8' }],
			['spawnSync', 'echo', ['a', '$0'], { shell: '/bin/sh', encoding: 'utf8' }],
			['spawnSync', 'true', null],
			['spawnSync', 'true', undefined, { encoding: 'utf8' }],
			['spawnSync', 'false'],
			['spawnSync', 'cat', { input: 'text' }],
			['spawnSync', 'cat', { input: 'dGV4dA==', encoding: 'base64' }],
			['spawnSync', 'cat', { input: Buffer.from('bytes') }],
			['spawnSync', 'cat', { input: new Uint16Array([0x4141, 0x4242]) }],
			['spawnSync', 'cat', { input: '' }],
			['spawnSync', 'cat'],
			['spawnSync', 'cat', { input: 'ignored', stdio: ['ignore', 'pipe', 'pipe'] }],
			['spawnSync', 'sh', ['-c', 'echo three >&3; echo one'], { stdio: ['pipe', 'pipe', 'pipe', 'pipe'], encoding: 'utf8' }],
			['spawnSync', 'sh', ['-c', 'echo x >&2'], { stdio: 'ignore' }],
			['spawnSync', 'true', { stdio: 'inherit' }],
			['spawnSync', 'true', { stdio: ['inherit', null, undefined] }],
			['spawnSync', 'true', { stdio: [0, process.stdout, process.stderr] }],
			['spawnSync', 'sh', ['-c', 'kill -9 $$']],
			['spawnSync', 'sh', ['-c', 'kill -USR1 $$']],
			['spawnSync', 'pwd', { cwd: '/', encoding: 'utf8' }],
			['spawnSync', 'pwd', { cwd: pathToFileURL('/'), encoding: 'utf8' }],
			['spawnSync', 'sh', ['-c', 'echo $MINE'], { env: { MINE: 'here', PATH: path }, encoding: 'utf8' }],
			['spawnSync', 'sh', ['-c', 'echo $0'], { argv0: 'other', encoding: 'utf8' }],
			['spawnSync', 'id', ['-u'], { uid: process.getuid?.(), gid: process.getgid?.() }],
			['spawnSync', 'no-such-program', ['a', 'b'], { argv0: 'other' }],
			['spawnSync', 'no-such-program', { shell: true, encoding: 'utf8' }],
			['spawnSync', 'true', { cwd: '/no/such/folder' }],
			['spawnSync', '/etc/passwd'],
			['spawnSync', 'sleep', ['60'], { timeout: 50 }],
			['spawnSync', 'sleep', ['60'], { timeout: 50, killSignal: 'SIGKILL' }],
			['spawnSync', 'sleep', ['60'], { timeout: 50, killSignal: 2 }],
			['spawnSync', 'true', { timeout: 0 }],
			['spawnSync', 'sh', ['-c', 'echo much; exec sleep 60'], { maxBuffer: 2 }],
			['spawnSync', 'sh', ['-c', 'echo ab; echo cd >&2; exec sleep 0.1'], { maxBuffer: 3, stdio: ['pipe', 'pipe', 'ignore'] }],
			['spawnSync', 'sh', ['-c', 'head -c 2000000 /dev/zero'], { maxBuffer: Number.POSITIVE_INFINITY }],
			['spawnSync', 'sh', ['-c', 'head -c 2000000 /dev/zero'], { maxBuffer: undefined }],
			['spawnSync', 'true', { input: Buffer.alloc(4_000_000) }],
			['execFileSync', 'echo', ['a']],
			['execFileSync', 'echo', ['a'], { encoding: 'utf8' }],
			['execFileSync', 'sh', ['-c', 'exit 3']],
			['execFileSync', 'sh', ['-c', 'echo why >&2; exit 3'], { stdio: 'pipe' }],
			['execFileSync', 'sh', ['-c', 'echo why >&2; exit 3'], { stdio: 'pipe', encoding: 'utf8', argv0: 'other' }],
			['execFileSync', 'no-such-program', ['x']],
			['execFileSync', 'sleep', ['60'], { timeout: 50 }],
			['execFileSync', 'true', { stdio: 'ignore' }],
			['execSync', 'echo a | tr a b'],
			['execSync', 'echo a', { encoding: 'utf8' }],
			['execSync', 'exit 5', { stdio: 'pipe' }],
			['execSync', 'echo out; echo why >&2; exit 5', { stdio: 'pipe', encoding: 'utf8' }],
			['execSync', 'kill $$', { stdio: 'pipe' }],
			['execSync', 'exec sleep 60', { timeout: 50 }],
			['execSync', 'echo much; exec sleep 60', { maxBuffer: 1 }],
			['execSync', 'cat', { input: 'in', shell: '/bin/sh', encoding: 'utf8' }],
			['execSync', 'no-such-program', { stdio: 'pipe' }],
		];
		for (const call of calls) {
			const [name, ...args] = call;
			test(`${name}(${args
				.map((arg) => JSON.stringify(arg) ?? 'undefined')
				.join(', ')
				.slice(0, 100)})`, () => {
				assert.deepEqual(outcome(ours, call), outcome(node, call));
			});
		}
	});

	describe('gives of a child that its timeout has found at work what Node itself gives', () => {
		const calls: readonly (readonly [command: string, atWork: RegExp])[] = [
			['echo early; exec sleep 60', /early/],
			['trap "exit 7" TERM; while :; do sleep 0.02; done', /"status":7/],
		];
		for (const [command, atWork] of calls) {
			/** Gives the child more and more time to get to work. */
			const patiently = (module: Pick<typeof node, Name>): unknown => {
				for (let timeout = 200; ; timeout *= 4) {
					const found = outcome(module, ['spawnSync', 'sh', ['-c', command], { timeout, encoding: 'utf8' }]);
					if (atWork.test(JSON.stringify(found)) || timeout > 30_000) return found;
				}
			};
			test(command, () => {
				const found = patiently(ours);
				assert.match(JSON.stringify(found), atWork);
				assert.deepEqual(found, patiently(node));
			});
		}
	});

	describe('refuses what Node refuses, with its class and code', () => {
		const calls: readonly Call[] = [
			['spawnSync', ''],
			['spawnSync', 5],
			['spawnSync', 'true', 'x'],
			['spawnSync', 'true', [], 'x'],
			['spawnSync', 'true', ['a\0b']],
			['spawnSync', 'true', { cwd: 5 }],
			['spawnSync', 'true', { uid: 'x' }],
			['spawnSync', 'true', { shell: 5 }],
			['spawnSync', 'true', { argv0: 5 }],
			['spawnSync', 'true', { env: { A: '\0' } }],
			['spawnSync', 'true', { input: 5 }],
			['spawnSync', 'true', { timeout: -1 }],
			['spawnSync', 'true', { timeout: 1.5 }],
			['spawnSync', 'true', { maxBuffer: -1 }],
			['spawnSync', 'true', { killSignal: 'SIGNOTHING' }],
			['spawnSync', 'true', { killSignal: 500 }],
			['spawnSync', 'true', { killSignal: {} }],
			['spawnSync', 'true', { stdio: 'ipc' }],
			['spawnSync', 'true', { stdio: 'some' }],
			['spawnSync', 'true', { stdio: 5 }],
			['spawnSync', 'true', { stdio: ['pipe', 'ipc'] }],
			['spawnSync', 'true', { stdio: [{}] }],
			['execFileSync', 5],
			['execSync', 5],
			['execSync', ''],
		];
		for (const call of calls) {
			test(`${call[0]}(${call
				.slice(1)
				.map((arg) => JSON.stringify(arg))
				.join(', ')})`, () => {
				const [mine, theirs] = [ours, node].map((module) => (outcome(module, call) as { thrown: NodeJS.ErrnoException }).thrown);
				assert.ok(mine && theirs);
				assert.deepEqual([mine.name, mine.code], [theirs.name, theirs.code]);
			});
		}
	});

	test('a child reads from a descriptor of the process', () => {
		const file = join(folder, 'input');
		writeFileSync(file, 'from a file');
		const descriptor = openSync(file, 'r');
		const { stdout } = ours.spawnSync('cat', { stdio: [descriptor, 'pipe', 'ignore'], encoding: 'utf8' });
		closeSync(descriptor);
		assert.equal(stdout, 'from a file');
	});

	test('a child gets the environment of its greenlet', () => {
		assert.match(spawn(variable, 'TSGEVENT_TEST_MINE').get(), /^of variable/);
	});

	test('execSync shows what the child says on stderr', async () => {
		const program =
			"import { execSync } from 'tsgevent/child_process'; execSync('echo complaint >&2'); execSync('echo quiet >&2', { stdio: 'pipe' });";
		const { stderr, stdout, status } = await runNode(['--input-type=module', '--eval', program]);
		assert.deepEqual([stderr, stdout, status], ['complaint\n', '', 0]);
	});

	test('a child inherits the output of the process', async () => {
		const program = "import { spawnSync } from 'tsgevent/child_process'; spawnSync('echo', ['direct'], { stdio: 'inherit' });";
		const { stdout } = await runNode(['--input-type=module', '--eval', program]);
		assert.equal(stdout, 'direct\n');
	});

	test('children of several greenlets run at the same time', () => {
		// Each makes its mark and waits for the other's.
		const meet = (mine: string, other: string): string =>
			`touch ${join(folder, mine)}; while ! [ -e ${join(folder, other)} ]; do sleep 0.01; done; echo ${mine}`;
		const greenlets = [spawn(runShell, meet('one', 'two')), spawn(runShell, meet('two', 'one'))];
		joinAll(greenlets);
		assert.deepEqual(
			greenlets.map((greenlet) => greenlet.get()),
			['one\n', 'two\n'],
		);
	});

	/** Waits until a child has written a line into a file. */
	async function made(name: string): Promise<string> {
		const file = join(folder, name);
		return eventually(`a line in ${name}`, () => (existsSync(file) ? /^.+(?=\n)/.exec(readFileSync(file, 'utf8'))?.[0] : undefined));
	}

	test('a child dies with its greenlet, by the signal that was asked for', async () => {
		const script = `trap 'echo got > ${join(folder, 'signal')}; exit' INT; echo $$ > ${join(folder, 'pid')}; while :; do sleep 0.02; done`;
		const greenlet = spawn(runShellCarefully, script);
		await made('pid');
		greenlet.kill();
		assert.equal(await made('signal'), 'got');
	});

	test('a child dies when a Timeout ends the wait for it', () => {
		const pid = join(folder, 'timed');
		// It gets more and more time to say who it is.
		for (let ms = 200; !existsSync(pid) || readFileSync(pid, 'utf8') === ''; ms *= 4) {
			assert.equal(
				withTimeout(ms, () => ours.execSync(`echo $$ > ${pid}; exec sleep 60`).length, { value: 'late' }),
				'late',
			);
		}
		// The hub has sent the signal; the shell below returns once the kernel has ended the child.
		node.execSync(`while kill -0 $(cat ${pid}) 2>&-; do sleep 0.01; done`, { timeout: 60_000 });
	});
});
