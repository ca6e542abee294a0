import type { ValueKind } from './value-kind.js';

/** Where a setting stands in the reference, in gunicorn's own headings and their order; `Deadlines` and `Limits` are ours. */
export const SECTIONS = [
	'Config File',
	'Server Socket',
	'Worker Processes',
	'Deadlines',
	'Limits',
	'Security',
	'Debugging',
	'Server Mechanics',
	'Logging',
	'Process Naming',
	'Server Hooks',
	'SSL',
	'HTTP/2',
	'Dirty Arbiters',
	'Dirty Arbiter Hooks',
	'Control',
] as const;

export type Section = (typeof SECTIONS)[number];

/** Whether a setting does anything here; one that does not ends the start when it is given another value than its default. */
export type Support =
	| { readonly kind: 'works' }
	/** It has no meaning in Node. */
	| { readonly kind: 'refused'; readonly why: string }
	/** It belongs to something that is not built yet. */
	| { readonly kind: 'not yet'; readonly why: string };

/** The setting does what gunicorn's documentation says of it. */
export const WORKS: Support = { kind: 'works' };

/** @param why why the setting has no meaning in Node, and what to use instead */
export function refused(why: string): Support {
	return { kind: 'refused', why };
}

/** @param why what is not there yet, and what to use meanwhile */
export function notYet(why: string): Support {
	return { kind: 'not yet', why };
}

/** Said by the settings of the dirty arbiters, and by their hooks. */
export const NO_DIRTY_ARBITERS = refused(
	"there is no second pool of processes; a long job blocks only its own greenlet in a gevent or gthread worker, or use Node's worker_threads",
);

/** An environment variable that gives a setting its value. */
export interface EnvironmentSource {
	readonly variable: string;
	/** Turns the variable's text into one for the command line; `undefined` for a variable that says nothing. */
	readonly text: (value: string) => string | undefined;
}

/** One setting: everything that the command line, the config file, the help text, the reference and the checks need to know of it. */
export interface Setting<T> {
	/** gunicorn's own key; the unit of a duration is the second, as there. */
	readonly name: string;
	readonly section: Section;
	/** gunicorn's own spellings: `-w`, `--workers`; none for a setting of the config file alone. */
	readonly flags: readonly string[];
	readonly kind: ValueKind<T>;
	/** The value when nobody gives one; the environment variable, if any, comes first. */
	readonly default: T;
	/** The default in words, where it is not the same everywhere. */
	readonly defaultText: string | undefined;
	/** The environment variable that replaces the default. */
	readonly env: EnvironmentSource | undefined;
	/** One or two sentences for the help text and the reference. */
	readonly doc: string;
	readonly support: Support;
	/** Values beside the default that change nothing, so that they are welcome although the setting is refused. */
	readonly harmless: readonly T[];
	/** Whether gunicorn has no such setting. */
	readonly own: boolean;
}

/** What must be said of a setting; the rest has a usual answer. */
export interface SettingParts<T> {
	readonly section: Section;
	readonly flags?: readonly string[];
	readonly kind: ValueKind<T>;
	readonly default: NoInfer<T>;
	readonly defaultText?: string;
	readonly env?: EnvironmentSource;
	readonly doc: string;
	readonly support?: Support;
	readonly harmless?: readonly NoInfer<T>[];
	readonly own?: boolean;
}

/** Makes a setting. */
export function setting<T>(name: string, parts: SettingParts<T>): Setting<T> {
	return { flags: [], env: undefined, defaultText: undefined, support: WORKS, harmless: [], own: false, name, ...parts };
}
