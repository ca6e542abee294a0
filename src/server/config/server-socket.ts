import { parseBind } from './bind-address.js';
import { repeated, type Setting, single, wholeNumber } from './setting.js';

function checkedBind(text: string): string {
	parseBind(text);
	return text;
}

export const bind: Setting<readonly string[]> = {
	name: 'bind',
	section: 'Server Socket',
	flags: ['-b', '--bind'],
	metavar: 'ADDRESS',
	doc: 'Where to listen: HOST, HOST:PORT, [V6]:PORT or unix:PATH; repeat it to listen in several places.',
	default: ['127.0.0.1:8000'],
	parse: repeated(checkedBind),
};

export const backlog: Setting<number> = {
	name: 'backlog',
	section: 'Server Socket',
	flags: ['--backlog'],
	metavar: 'INT',
	doc: 'Connections the kernel keeps waiting for a worker.',
	default: 2048,
	parse: single(wholeNumber(1)),
};
