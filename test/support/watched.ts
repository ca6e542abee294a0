import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { WatchdogLine } from '../../src/server/arbiter/watchdog-line.js';
import { projectPath } from './project.js';

const DEADLINE_MS = 30_000;

/** What a watched process may be told to do. */
export type Order =
	| { readonly what: 'start'; readonly task: string; readonly name: string; readonly args?: readonly unknown[] }
	| { readonly what: 'spin'; readonly ms: number }
	| { readonly what: 'backtrack' | 'inspector' | 'closeHub' | 'exit' }
	| { readonly what: 'exec'; readonly seconds: number }
	| { readonly what: 'stacks' | 'stacksAndExit'; readonly reason: string };

/** What it says: that it has begun to obey, what came of it, and how greenlets ended. */
export type Answer =
	| { readonly begun: Order['what'] | 'process' }
	| { readonly done: Order['what']; readonly value: unknown }
	| { readonly ended: string; readonly value: unknown };

/** A process with a hub and a watchdog, and the arbiter's end of the line to it. Disposing kills it. */
export class Watched implements AsyncDisposable {
	readonly line: WatchdogLine | undefined;
	/** Stacks that were not asked for over the line. */
	readonly unasked: string[] = [];
	readonly child: ChildProcess;
	/** Everything it has written. */
	output = '';
	readonly #answers: Answer[] = [];
	readonly #watchers = new Set<() => void>();

	/** @param withLine false: its watchdog has no arbiter */
	constructor({ execArgv = [], withLine = true }: { execArgv?: readonly string[]; withLine?: boolean } = {}) {
		const { NODE_TEST_CONTEXT: _, ...env } = process.env;
		this.child = spawn(process.execPath, [...execArgv, projectPath('dist/test/fixtures/watched-process.js'), withLine ? '4' : 'none'], {
			stdio: ['ignore', 'pipe', 'pipe', 'ipc', withLine ? 'pipe' : 'ignore'],
			env,
		});
		const look = () => {
			for (const watcher of this.#watchers) watcher();
		};
		for (const stream of [this.child.stdout, this.child.stderr])
			stream?.setEncoding('utf8').on('data', (text: string) => {
				this.output += text;
				look();
			});
		this.child.on('message', (answer: Answer) => {
			this.#answers.push(answer);
			look();
		});
		if (!withLine) return;
		this.line = new WatchdogLine(this.child.stdio[4] as Duplex, (text) => {
			this.unasked.push(text);
			look();
		});
	}

	static async start(options: { execArgv?: readonly string[]; withLine?: boolean } = {}): Promise<Watched> {
		const watched = new Watched(options);
		await watched.until('its start', () => watched.#answers.find((answer) => 'begun' in answer));
		return watched;
	}

	/** Gives an order; resolves when it is being obeyed. */
	async tell(order: Order): Promise<void> {
		const before = this.#count('begun', order.what);
		this.child.send(order);
		await this.until(`${order.what} to begin`, () => this.#count('begun', order.what) > before || undefined);
	}

	/** Gives an order; resolves with its result. */
	async ask(order: Order): Promise<unknown> {
		const before = this.#count('done', order.what);
		await this.tell(order);
		await this.until(`${order.what} to be done`, () => this.#count('done', order.what) > before || undefined);
		return this.#answers.findLast((answer) => 'done' in answer && answer.done === order.what && answer);
	}

	/** Starts a greenlet that is known by a name. */
	greenlet(name: string, task: string, ...args: unknown[]): Promise<void> {
		return this.tell({ what: 'start', task, name, args });
	}

	/** The value of a greenlet that has ended. */
	value(name: string): Promise<unknown> {
		return this.until(`the end of ${name}`, () => this.#answers.find((answer) => 'ended' in answer && answer.ended === name)).then(
			(answer) => (answer as { value: unknown }).value,
		);
	}

	/** Asks for stacks over the line until they match: a greenlet takes a moment to get where it is to be seen. */
	async stacksLike(...patterns: readonly RegExp[]): Promise<string> {
		const deadline = performance.now() + DEADLINE_MS;
		for (;;) {
			const text = (await this.line?.requestStacks('a test')) ?? '';
			const missing = patterns.filter((pattern) => !pattern.test(text));
			if (missing.length === 0) return text;
			if (performance.now() > deadline) throw new Error(`The stacks have no ${missing.join(', ')}:\n${text}\n${this.output}`);
		}
	}

	/** Waits for `look` to find something, with a deadline that shows the output. */
	until<T>(what: string, look: () => T | undefined): Promise<T> {
		return new Promise((resolve, reject) => {
			const check = () => {
				const found = look();
				if (found === undefined) return;
				clearTimeout(deadline);
				this.#watchers.delete(check);
				resolve(found);
			};
			const deadline = setTimeout(() => {
				this.#watchers.delete(check);
				reject(new Error(`Waited in vain for ${what}, after:\n${this.output}`));
			}, DEADLINE_MS);
			this.#watchers.add(check);
			check();
		});
	}

	/** How the process ended. */
	async ending(): Promise<{ status: number | null; signal: NodeJS.Signals | null }> {
		const { child } = this;
		if (child.exitCode === null && child.signalCode === null) await once(child, 'exit', { signal: AbortSignal.timeout(DEADLINE_MS) });
		return { status: child.exitCode, signal: child.signalCode };
	}

	async [Symbol.asyncDispose](): Promise<void> {
		this.child.kill('SIGKILL');
		await this.ending();
		this.line?.close();
	}

	#count(kind: 'begun' | 'done', what: string): number {
		return this.#answers.filter((answer) => (answer as Record<string, unknown>)[kind] === what).length;
	}
}
