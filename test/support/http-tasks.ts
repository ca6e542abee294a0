/** What greenlets of the http tests do; apart from the tests, because their threads load this module. */
import { tasks, withTimeout } from '../../src/index.js';
import { type ExchangeOptions, fetchSync, getSync } from '../../src/io/http.js';
import { thrown } from './thrown.js';

export const { failureOf, fetchText, lateStatus, statusOf, loadedBy } = tasks(import.meta, {
	fetchText: (url: string) => fetchSync(url).text(),
	/** Name and code of the error of a request that fails. */
	failureOf: (url: string, options: ExchangeOptions) => {
		const { name, code } = thrown(() => fetchSync(url, options).text());
		return [name, code];
	},
	/** Leaves the body unread. */
	statusOf: (url: string) => getSync(url).status,
	/** The status, or `late` when it has not come after `ms` milliseconds. */
	lateStatus: (url: string, ms: number) => withTimeout(ms, () => getSync(url).status, { value: 'late' }),
	/** Which of the heavy modules of Node the thread has loaded after a request. */
	loadedBy: (url: string) => {
		const before = new Set(loaded());
		fetchSync(url).text();
		return loaded().filter((name) => !before.has(name));
	},
});

function loaded(): string[] {
	return (process as unknown as { moduleLoadList: string[] }).moduleLoadList;
}
