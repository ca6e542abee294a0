/**
 * `import 'tsgevent/patch'`, or `require` of it, as a program's first line: patches everything. To choose what is patched, call
 * `patchAll` of `tsgevent/monkey`, which patches nothing by itself.
 */
import { patchAll } from './monkey.js';

export * from './monkey.js';

patchAll();
