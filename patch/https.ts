import type { SyncRequestOptions } from '../src/io/http.js';
import { type Callable, inPlaceOf } from './blocking-form.js';
import { lazyView } from './lazy-view.js';
import type { Replacements } from './registry.js';

/** Same as for `http`, but that options which name no protocol mean this one; an address names its own. */
function overTls(blocking: Callable): Callable {
	return inPlaceOf(blocking, (_, args) => {
		const [target] = args as readonly (string | URL | SyncRequestOptions)[];
		const isAddress = typeof target === 'string' || target instanceof URL;
		return isAddress ? blocking(...args) : blocking({ protocol: 'https:', ...target } as never);
	});
}

/** `https.get` and `https.request` are legal without a callback and stay; the blocking twins are added. */
export function httpsPatch(): Replacements {
	const blocking = lazyView('../src/io/http.js', ['requestSync', 'getSync']);
	return { requestSync: overTls(blocking.requestSync), getSync: overTls(blocking.getSync) };
}
