import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { Reloader, type ReloadSettings } from '../../../src/server/arbiter/reloader.js';
import type { Log } from '../../../src/server/log/log.js';
import { runNode } from '../../support/node-process.js';
import { projectPath } from '../../support/project.js';

const DEADLINE_MS = 30_000;
const AUTO: ReloadSettings = { reload_engine: 'auto', reload_extra_files: [] };

/** A folder with an app, watched. */
class Watched implements AsyncDisposable {
	readonly folder = mkdtempSync(join(tmpdir(), 'reloader-'));
	readonly lines: string[] = [];
	readonly #bursts: (readonly string[])[] = [];
	readonly #expected = new Set<string>();
	readonly #reloader: Reloader;
	#heard: () => void = () => undefined;

	private constructor(settings: (folder: string) => ReloadSettings, app: (folder: string) => string) {
		for (const name of ['app.mjs', 'lib/part.mjs', 'node_modules/p/index.js']) this.save(name, '');
		const line = (text: string): void => {
			this.lines.push(text);
		};
		const log = { debug: line, info: line, warning: line, error: line } as unknown as Log;
		const onChange = (paths: readonly string[]): void => {
			this.#bursts.push(paths.map((path) => path.slice(this.folder.length + 1)));
			this.#heard();
		};
		this.#reloader = new Reloader({ chdir: this.folder, ...settings(this.folder) }, app(this.folder), onChange, log);
	}

	static async start(settings = (_folder: string): ReloadSettings => AUTO, app = (_folder: string) => 'app.mjs:handler'): Promise<Watched> {
		const watched = new Watched(settings, app);
		await watched.#reloader.ready;
		return watched;
	}

	save(name: string, text: string): void {
		mkdirSync(dirname(join(this.folder, name)), { recursive: true });
		writeFileSync(join(this.folder, name), text);
	}

	/**
	 * Waits until all of these have been reported, and nothing else but what was expected before: in one burst, or in some where the
	 * process stood still in between.
	 * @returns how many there were
	 */
	async reports(...names: readonly string[]): Promise<number> {
		for (const name of names) this.#expected.add(name);
		const missing = new Set(names);
		let bursts = 0;
		for (; missing.size > 0; bursts++) {
			const burst = await this.#burst();
			this.#assertExpected(burst);
			for (const name of burst) missing.delete(name);
		}
		return bursts;
	}

	/** The next burst of changes. */
	async #burst(): Promise<readonly string[]> {
		const deadline = AbortSignal.timeout(DEADLINE_MS);
		while (this.#bursts.length === 0) {
			await new Promise<void>((resolve, reject) => {
				this.#heard = resolve;
				deadline.onabort = () => reject(new Error(`No change was reported:\n${this.lines.join('\n')}`));
			});
		}
		return this.#bursts.shift() ?? [];
	}

	close(): Promise<void> {
		return this.#reloader.close();
	}

	async [Symbol.asyncDispose](): Promise<void> {
		await this.close();
		rmSync(this.folder, { recursive: true });
		this.#assertExpected(this.#bursts.flat());
	}

	#assertExpected(names: readonly string[]): void {
		assert.deepEqual(
			names.filter((name) => !this.#expected.has(name)),
			[],
			'changes that nobody expected',
		);
	}
}

test('a saved file is reported, and a burst of saves once', async () => {
	await using watched = await Watched.start();
	for (let save = 0; save < 5; save++) watched.save('app.mjs', `// ${save}`);
	watched.save('lib/part.mjs', '// too');
	assert.ok((await watched.reports('app.mjs', 'lib/part.mjs')) < 6);
	watched.save('app.mjs', '// again');
	await watched.reports('app.mjs');
});

test('an editor that saves by renaming is heard each time', async () => {
	await using watched = await Watched.start();
	for (let save = 0; save < 3; save++) {
		watched.save('app.mjs.tmp', `// ${save}`);
		renameSync(join(watched.folder, 'app.mjs.tmp'), join(watched.folder, 'app.mjs'));
		await watched.reports('app.mjs');
	}
	// With a backup, as vim does.
	renameSync(join(watched.folder, 'app.mjs'), join(watched.folder, 'app.mjs~'));
	watched.save('app.mjs', '// new');
	await watched.reports('app.mjs');
});

test('new files, files in new folders and removed files are seen; packages, hidden files and logs are not', async () => {
	await using watched = await Watched.start(() => ({ ...AUTO, accesslog: 'access.json' }));
	for (const name of ['node_modules/p/index.js', '.git/index.js', 'notes.txt', 'access.json', 'server.log']) watched.save(name, 'x');
	watched.save('new/deep/er.ts', 'x');
	await watched.reports('new/deep/er.ts');
	watched.save('new/deep/er.ts', 'y');
	await watched.reports('new/deep/er.ts');
	rmSync(join(watched.folder, 'lib'), { recursive: true });
	await watched.reports('lib/part.mjs');
});

test("extra files and globs are watched, and the folder of the app's module", async () => {
	await using watched = await Watched.start(
		(folder) => ({ ...AUTO, chdir: join(folder, 'lib'), reload_extra_files: ['../outer.ini', '../mail/**/*.html'] }),
		(folder) => `${join(folder, 'app.mjs')}:handler`,
	);
	for (const name of ['outer.ini', 'mail/new/a.html', 'app.mjs', 'mail/new/a.txt', 'outer.txt']) watched.save(name, 'x');
	await watched.reports('app.mjs', 'mail/new/a.html', 'outer.ini');
});

test('the engine poll sees the same', async () => {
	await using watched = await Watched.start(() => ({ ...AUTO, reload_engine: 'poll' }));
	assert.match(watched.lines.join(), /by polling/);
	watched.save('app.mjs', '// polled');
	await watched.reports('app.mjs');
});

test('nothing is reported after the end, and a reloader that is closed at once starts nothing', async () => {
	const watched = await Watched.start();
	watched.save('app.mjs', '// just before the end');
	await watched.close();
	await watched[Symbol.asyncDispose]();
	const hasty = new Reloader(AUTO, 'app.mjs', () => assert.fail('reported'), { info: () => assert.fail('logged') } as unknown as Log);
	await hasty.close();
	await hasty.ready;
});

test('a closed reloader keeps no process alive', async () => {
	const program = `
		import { Reloader } from ${JSON.stringify(new URL('../../../src/server/arbiter/reloader.js', import.meta.url).href)};
		const open = () => process.getActiveResourcesInfo().includes('FSEventWrap');
		const reloader = new Reloader(${JSON.stringify(AUTO)}, 'app.mjs', () => undefined, { info() {} });
		await reloader.ready;
		console.log(open());
		await reloader.close();
	`;
	const { status, stdout } = await runNode(['--input-type=module', '-e', program], {
		cwd: projectPath('examples'),
		timeoutMs: DEADLINE_MS,
	});
	assert.deepEqual({ status, stdout }, { status: 0, stdout: 'true\n' });
});
