import { setting } from './setting.js';
import { filledText, optional } from './value-kind.js';

const section = 'Config File';

export const config = setting('config', {
	section,
	flags: ['-c', '--config'],
	kind: optional(filledText('CONFIG', 'PATH, file:PATH or module:NAME')),
	default: null,
	doc: 'The config file: PATH, file:PATH, or module:NAME for a package. Without it, ./gunicorn.conf.{ts,mts,js,mjs,cjs,json} is read if there is one.',
});

export const wsgi_app = setting('wsgi_app', {
	section,
	kind: optional(filledText('APP', 'MODULE[:NAME]')),
	default: null,
	doc: 'What to serve, MODULE[:NAME], when the command line does not say.',
});
