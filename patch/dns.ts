import { canBlock } from '../src/engine/engine.js';
import { blockingForms, type Callable, inPlaceOf } from './blocking-form.js';
import { CALLBACK_LESS } from './callback-less.js';
import { lazyView } from './lazy-view.js';
import { type Core, publish, type Replacements, renew } from './registry.js';

// `resolveTlsa` is younger than Node 20 and so not in the table: its callback stays required.
const TWINS = [...Object.keys(CALLBACK_LESS.dns), 'resolveTlsa'].map((name) => `${name}Sync`);
const twins = lazyView('../src/io/dns.js', TWINS);
const settings = lazyView('../src/io/dns.js', ['setServers', 'setDefaultResultOrder']);

/** A setting counts for this thread's callbacks, as ever, and for blocking calls, which the hub's resolver answers. */
function alsoOnHub(original: Callable, setting: Callable): Callable {
	return inPlaceOf(original, (self, args) => {
		Reflect.apply(original, self, args);
		if (canBlock()) setting(...args);
	});
}

/** Node's `setServers` puts the methods of a new resolver over the patched ones: those have to be patched again. */
function keepingPatches(setServers: Callable, core: Core): Callable {
	return inPlaceOf(setServers, (self, args) => {
		const before = new Map(Object.keys(CALLBACK_LESS.dns).map((name) => [name, core[name]]));
		Reflect.apply(setServers, self, args);
		const forms = Object.entries(blockingForms('dns', core, twins));
		renew('dns', Object.fromEntries(forms.filter(([name]) => core[name] !== before.get(name))));
		publish();
	});
}

/** Callback-less calls ask the hub, which keeps the resolver; the blocking twins are added. */
export function dnsPatch(core: Core): Replacements {
	return {
		...twins,
		...blockingForms('dns', core, twins),
		setServers: alsoOnHub(keepingPatches(core.setServers as Callable, core), settings.setServers),
		setDefaultResultOrder: alsoOnHub(core.setDefaultResultOrder as Callable, settings.setDefaultResultOrder),
	};
}
