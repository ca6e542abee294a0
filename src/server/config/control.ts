import { notYet, setting } from './setting.js';
import { filledText, optional, permissionBits, switchTo } from './value-kind.js';

const section = 'Control';

const NO_CONTROL_SOCKET = notYet('there is no control socket yet; use signals');

export const control_socket = setting('control_socket', {
	section,
	flags: ['--control-socket'],
	kind: optional(filledText('PATH', 'a path')),
	default: null,
	doc: 'The unix socket through which the server is controlled.',
	support: NO_CONTROL_SOCKET,
});

export const control_socket_mode = setting('control_socket_mode', {
	section,
	flags: ['--control-socket-mode'],
	kind: permissionBits,
	default: 0o600,
	doc: 'Permission bits of the control socket.',
	support: NO_CONTROL_SOCKET,
});

export const control_socket_disable = setting('control_socket_disable', {
	section,
	flags: ['--no-control-socket'],
	kind: switchTo<boolean>(true),
	default: false,
	doc: 'Goes without the control socket; there is none anyway.',
	support: NO_CONTROL_SOCKET,
	harmless: [true],
});
