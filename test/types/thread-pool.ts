/** Types of what a thread pool and `awaitSync` give; compiled, never run. */
import { awaitSync, type Greenlet, spawnWith } from 'tsgevent';
import { ThreadPool, type ThreadResult } from 'tsgevent/threadpool';

declare const pool: ThreadPool;
declare const greenlet: Greenlet<Date>;
declare function later(n: number): Promise<{ n: number; method(): void }>;

pool.apply(later, 1) satisfies { n: number };
pool.spawn(later, 1) satisfies ThreadResult<{ n: number }>;
pool.map((n: number) => String(n), new Set([1])) satisfies string[];
awaitSync(later(1)) satisfies { n: number; method(): void };
awaitSync(greenlet.promise()) satisfies Date;
awaitSync(5) satisfies number;
spawnWith({ timeout: 5, grace: 5 }, later, 1) satisfies Greenlet<{ n: number }>;
// @ts-expect-error an argument is missing
pool.apply(later);
// @ts-expect-error methods do not cross
pool.apply(later, 1).method();
// @ts-expect-error milliseconds are a number
spawnWith({ timeout: '5' }, later, 1);
// @ts-expect-error so is the size
new ThreadPool({ maxsize: '2' });
