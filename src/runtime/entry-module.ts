import { realpathSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

/** The URL of the program's entry module, or undefined for `node -e`, standard input and the REPL. */
export function entryUrl(): string | undefined {
	const entry = process.argv[1];
	if (!entry) return undefined;
	try {
		return pathToFileURL(realpathSync(entry)).href;
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === 'ENOENT') return pathToFileURL(entry).href; // given without its extension
		throw error;
	}
}

/** The CommonJS entry module, when that is what was started. */
function commonJsEntry(): NodeJS.Module | undefined {
	return process.mainModule;
}

let ended = false;

/** Whether the program's entry module is still being evaluated. */
export function entryRuns(): boolean {
	const main = commonJsEntry();
	return main ? !main.loaded : !ended;
}

/**
 * Begins to watch for the end of the entry's evaluation. A CommonJS module says so itself; importing an ES module again
 * gives a promise of the one evaluation it has.
 */
export function watchEntry(): void {
	const url = entryUrl();
	const end = () => {
		ended = true;
	};
	setImmediate(() => {
		if (commonJsEntry()) return;
		// Under --import or --require this may be a preload before the entry has begun, and importing what turns out to be
		// CommonJS would run it as something else than the main module.
		if (url === undefined) end();
		else if (!startedByPreload() || /\.m[jt]s$/.test(url)) import(url).then(end, end);
		else setImmediate(() => (commonJsEntry() ? undefined : end()));
	});
}

/** Flags that say what the main thread is to run; a thread given its own file would refuse to start because of them. */
const WHAT_TO_RUN = /^(-e|-p|-pe|-i|--eval|--print|--interactive|--input-type)(=|$)/;
/** Flags that say how modules are loaded, in every thread. */
const LOADING = /^(-r|-C|--require|--import|--loader|--experimental-loader|--conditions)(=|$)/;

/**
 * Node's flags for a thread of this process; undefined: it inherits them. They are named only where that cannot be helped,
 * for Node then rejects every flag of V8 and of the process (`--max-old-space-size`), which it lets a thread inherit.
 */
export function threadFlags(): string[] | undefined {
	const flags = process.execArgv;
	if (!flags.some((flag) => WHAT_TO_RUN.test(flag))) return undefined;
	return flags.flatMap((flag, at) => {
		if (!LOADING.test(flag)) return [];
		return flag.includes('=') ? [flag] : flags.slice(at, at + 2);
	});
}

function startedByPreload(): boolean {
	return [...process.execArgv, process.env.NODE_OPTIONS ?? ''].some((flag) => /(^|\s)(--import|--require|-r|--loader)\b/.test(flag));
}
