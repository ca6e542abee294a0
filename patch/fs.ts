import { blockingForm, blockingForms, type Callable } from './blocking-form.js';
import { CALLBACK_LESS } from './callback-less.js';
import type { Core, Replacements } from './registry.js';

/**
 * Callback-less calls answer as their `Sync` twins, which stay the originals: in a thread they are right and fastest, and Node's own
 * module loaders read files through them.
 */
export function fsPatch(core: Core): Replacements {
	const forms = blockingForms('fs', core, core);
	const native = { from: core.realpath as { native: Callable }, twin: core.realpathSync as { native: Callable } };
	// The own keys of the original came along, `native` as it was among them.
	Object.assign(forms.realpath as object, {
		native: blockingForm('fs.realpath.native', native.from.native, native.twin.native, CALLBACK_LESS.fs['realpath.native']),
	});
	return forms;
}
