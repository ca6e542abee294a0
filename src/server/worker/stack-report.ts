import type { GreenletView } from '../../hub/greenlet-view.js';

/** No stack goes deeper in a report. */
export const MOST_FRAMES = 50;
/** No more greenlets are told of one by one. */
export const MOST_GREENLETS = 256;
/** A report is cut off after so many characters. */
const MOST_CHARACTERS = 256 * 1024;

/** What one thread has said, or that it has said nothing. */
export interface ThreadLook {
	/** What Node calls it: `[worker 3] name`. */
	readonly title: string;
	/** The greenlet it carries: 0 for none, below that while it boots; undefined where it is no greenlet thread. */
	readonly greenlet?: number;
	/** One line each, innermost first; none while it waits in its event loop, undefined when it has not answered. */
	readonly frames?: readonly string[];
}

/** Everything that was found out about a process. */
export interface ProcessLook {
	/** Why nothing could be found out. */
	readonly failure?: string;
	/** The frames of the main thread; undefined when it has not answered. */
	readonly hub?: readonly string[];
	/** What the hub knows, if it has answered, or what it told last. */
	readonly greenlets: readonly GreenletView[];
	/** How old that is, in milliseconds. */
	readonly ageMs: number;
	readonly threads: readonly ThreadLook[];
	/** Everybody has answered: a greenlet that was on no thread was on its way there, or from there. */
	readonly complete: boolean;
	/** The child processes there are, as far as the system tells; asked for when somebody has not answered. */
	readonly children: readonly string[];
}

const NATIVE = ['    (no stack: inside a native call)'];
const ON_ITS_WAY = ['    (no stack: it just begins or ends)'];
const IN_LOOP = ['    (in its event loop)'];

/** Renders a report. @param title its first line */
export function renderStacks(title: string, look: ProcessLook): string {
	return cut([title, ...(look.failure ? [`    (${look.failure})`] : sections(look))]);
}

function sections({ hub, greenlets, ageMs, threads, complete, children }: ProcessLook): string[] {
	const carriers = new Map(threads.map((thread) => [thread.greenlet ?? 0, thread]));
	const known = new Map(greenlets.map((greenlet) => [greenlet.id, greenlet]));
	const seated = greenlets.filter(({ thread, id }) => thread !== undefined || carriers.has(id));
	const waiting = greenlets.filter((greenlet) => !seated.includes(greenlet));
	const unknown = threads.filter(({ greenlet = 0 }) => greenlet > 0 && !known.has(greenlet));
	// Whoever keeps the others waiting comes first.
	const active = [...seated.filter(({ parked }) => !parked), ...seated.filter(({ parked }) => parked)];
	const idle = threads.filter(({ greenlet }) => greenlet === 0).length;
	return [
		'hub, the main thread:',
		...framesOf(hub),
		...(hub ? [] : [`what the hub told ${seconds(ageMs)} before:`]),
		...active.flatMap((greenlet) => [describe(greenlet), ...framesOf(carriers.get(greenlet.id)?.frames, complete ? ON_ITS_WAY : NATIVE)]),
		...unknown.flatMap(({ greenlet, frames }) => [`greenlet ${greenlet}, new to the hub:`, ...framesOf(frames)]),
		...threads.flatMap(({ title, greenlet, frames }) =>
			greenlet === undefined && frames ? [`thread ${title}:`, ...framesOf(frames)] : [],
		),
		...(idle > 0 ? [`threads without a greenlet: ${idle}`] : []),
		...(waiting.length > 0 ? [`greenlets without a thread: ${waiting.map(label).join(', ')}`] : []),
		...(children.length > 0 ? ['child processes:', ...children.map((child) => `    ${child}`)] : []),
	];
}

function framesOf(frames: readonly string[] | undefined, missing = NATIVE): readonly string[] {
	if (!frames) return missing;
	return frames.length > 0 ? frames : IN_LOOP;
}

function describe(greenlet: GreenletView): string {
	const { thread, forMs, asked, parked } = greenlet;
	const seat = thread === undefined ? '' : ` on thread ${thread}${forMs === undefined ? '' : ` for ${seconds(forMs)}`}`;
	if (parked) return `greenlet ${label(greenlet)}${seat}, waits for ${asked}:`;
	return `greenlet ${label(greenlet)}${seat}, runs${asked === undefined ? '' : `; its last call was ${asked}`}:`;
}

function label({ id, name }: GreenletView): string {
	return name ? `${id} (${name})` : String(id);
}

function seconds(ms: number): string {
	return `${(ms / 1_000).toFixed(1)} s`;
}

function cut(lines: readonly string[]): string {
	const text = lines.join('\n');
	return text.length <= MOST_CHARACTERS ? text : `${text.slice(0, text.lastIndexOf('\n', MOST_CHARACTERS))}\n(cut off)`;
}
