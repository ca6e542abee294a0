import { parseBind } from './bind-address.js';
import { setting } from './setting.js';
import { list, wholeNumber } from './value-kind.js';

const section = 'Server Socket';

function checkBind(text: string): string {
	parseBind(text);
	return text;
}

export const bind = setting('bind', {
	section,
	flags: ['-b', '--bind'],
	kind: list('ADDRESS', checkBind),
	default: ['127.0.0.1:8000'],
	env: { variable: 'PORT', text: (port) => (port === '' ? undefined : `0.0.0.0:${port}`) },
	doc: 'Where to listen: HOST, HOST:PORT, [V6]:PORT, unix:PATH or fd://N; repeat it to listen in several places.',
});

export const backlog = setting('backlog', {
	section,
	flags: ['--backlog'],
	kind: wholeNumber(1),
	default: 2048,
	doc: 'Connections the kernel keeps waiting for a worker.',
});
