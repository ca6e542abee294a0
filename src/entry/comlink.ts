// The view of src/io together with the mode of the process: importing this alone is enough to block.
import '../runtime/script.js';

export * from '../io/proxy.js';
