import { constants } from 'node:os';
import { ARBITER_SIGNALS, WORKER_SIGNALS } from '../signals.js';
import { refused, setting } from './setting.js';
import { choice, list, optional, switchTo, text } from './value-kind.js';

const section = 'Debugging';

export const reload = setting('reload', {
	section,
	flags: ['--reload'],
	kind: switchTo<boolean>(true),
	default: false,
	doc: 'Replaces the workers whenever the code changes; for development.',
});

export const reload_engine = setting('reload_engine', {
	section,
	flags: ['--reload-engine'],
	kind: choice(['auto', 'poll', 'inotify']),
	default: 'auto',
	doc: "How changes are seen: poll looks at the files' times, for file systems that report nothing; auto and inotify let the system report them.",
});

export const reload_extra_files = setting('reload_extra_files', {
	section,
	flags: ['--reload-extra-file'],
	kind: list('FILES'),
	default: [],
	doc: 'Further files, folders and globs to watch; may be repeated.',
});

export const spew = setting('spew', {
	section,
	flags: ['--spew'],
	kind: switchTo<boolean>(true),
	default: false,
	doc: 'Traces every line that is executed.',
	support: refused('Node cannot trace single lines; use --inspect, or NODE_OPTIONS=--cpu-prof'),
});

export const check_config = setting('check_config', {
	section,
	flags: ['--check-config'],
	kind: switchTo<boolean>(true),
	default: false,
	doc: 'Checks the settings, loads the app and exits, with 0 if all is well and 1 if not.',
});

export const print_config = setting('print_config', {
	section,
	flags: ['--print-config'],
	kind: switchTo<boolean>(true),
	default: false,
	doc: 'Prints all settings as they will be used, then does what --check-config does.',
});

function checkInspect(given: string): string {
	const [, port] = /^(?:\[[0-9a-fA-F:.]+\]:|[^:[\]/\s]+:)?(\d+)$/.exec(given) ?? [];
	if (port === undefined || Number(port) > 65_535) throw new RangeError('[HOST:]PORT with a port up to 65535 is needed');
	return given;
}

export const inspect = setting('inspect', {
	section,
	flags: ['--inspect'],
	kind: optional({ ...text('[HOST:]PORT', checkInspect), bare: '9229', check: (value) => checkInspect(String(value)) }),
	default: null,
	doc: "Opens Node's inspector in every worker, from this port on upwards, a port for each worker. `timeout` and `boot_timeout` are off then: at a breakpoint nobody gives a sign of life.",
	own: true,
});

/** Signals that have a meaning already, that nobody can hear, or that tell of a fault of the process itself. */
const TAKEN: ReadonlySet<string> = new Set([
	...ARBITER_SIGNALS,
	...WORKER_SIGNALS,
	...['SIGCHLD', 'SIGKILL', 'SIGSTOP', 'SIGPROF', 'SIGBUS', 'SIGFPE', 'SIGILL', 'SIGSEGV', 'SIGTRAP'],
]);

function checkSignal(given: string): string {
	if (!(given in constants.signals)) throw new RangeError('the name of a signal, such as SIGURG, is needed');
	if (TAKEN.has(given)) throw new RangeError('a signal that has no other meaning, such as SIGURG, is needed');
	return given;
}

export const stack_signal = setting('stack_signal', {
	section,
	flags: ['--stack-signal'],
	kind: text('SIGNAL', checkSignal),
	default: 'SIGURG',
	doc: 'The signal on which a worker writes the stacks of its event loop and of all its greenlets to the error log.',
	own: true,
});
