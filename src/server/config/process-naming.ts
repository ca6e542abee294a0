import { setting } from './setting.js';
import { filledText, optional } from './value-kind.js';

const section = 'Process Naming';

export const proc_name = setting('proc_name', {
	section,
	flags: ['-n', '--name'],
	kind: optional(filledText('NAME', 'a name')),
	default: null,
	doc: 'What the processes are called in ps and top; without it, default_proc_name.',
});

export const default_proc_name = setting('default_proc_name', {
	section,
	kind: filledText('NAME', 'a name'),
	default: 'gunicorn',
	doc: 'What the processes are called without proc_name.',
});
