/** What greenlets of the http tests do; apart from the tests, because their threads load this module. */
import { tasks } from '../../src/index.js';
import { fetchSync, getSync } from '../../src/io/http.js';

export const { fetchText, statusOf, loadedBy } = tasks(import.meta, {
	fetchText: (url: string) => fetchSync(url).text(),
	/** Leaves the body unread. */
	statusOf: (url: string) => getSync(url).status,
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
