import { refused, setting } from './setting.js';
import { filledText, list, mapping, optional, permissionBits, switchTo, text } from './value-kind.js';

const section = 'Server Mechanics';

export const preload_app = setting('preload_app', {
	section,
	flags: ['--preload'],
	kind: switchTo<boolean>(true),
	default: false,
	doc: 'Loads the app in a process of its own before any worker starts or is replaced, so that one that does not load changes nothing.',
});

export const sendfile = setting('sendfile', {
	section,
	flags: ['--no-sendfile'],
	kind: optional(switchTo<boolean>(false)),
	default: null,
	env: { variable: 'SENDFILE', text: (value) => String(/^(?:y|1|yes|true)$/i.test(value)) },
	doc: 'Whether sendfile(2) may be used; Node never does, so that only --no-sendfile is taken.',
	support: refused('Node has no sendfile(2), and streams files instead; leave the setting out'),
	harmless: [false],
});

export const reuse_port = setting('reuse_port', {
	section,
	flags: ['--reuse-port'],
	kind: switchTo<boolean>(true),
	default: false,
	doc: 'Gives each worker a listening socket of its own (SO_REUSEPORT), where this Node can.',
});

export const chdir = setting('chdir', {
	section,
	flags: ['--chdir'],
	kind: filledText('FOLDER', 'a folder'),
	default: '.',
	doc: 'The folder to change to before the app is loaded.',
});

export const daemon = setting('daemon', {
	section,
	flags: ['-D', '--daemon'],
	kind: switchTo<boolean>(true),
	default: false,
	doc: 'Goes to the background; the command ends, with the status of the start, once the server is ready.',
});

function checkEnvironment(given: string): string {
	if (!/^[^=]+=/.test(given)) throw new RangeError('KEY=VALUE is needed');
	return given;
}

export const raw_env = setting('raw_env', {
	section,
	flags: ['-e', '--env'],
	kind: list('KEY=VALUE', checkEnvironment),
	default: [],
	doc: 'Sets an environment variable for the workers; may be repeated.',
});

export const pidfile = setting('pidfile', {
	section,
	flags: ['-p', '--pid'],
	kind: optional(filledText('FILE', 'a path')),
	default: null,
	doc: 'The file that holds the process id of the arbiter.',
});

export const worker_tmp_dir = setting('worker_tmp_dir', {
	section,
	flags: ['--worker-tmp-dir'],
	kind: optional(filledText('FOLDER', 'a folder')),
	default: null,
	doc: 'The folder of the heartbeat files.',
	support: refused('heartbeats go through a pipe, and no file is written; leave the setting out'),
});

/** A name, or an id as number or digits; null stays who the server is. */
const account = optional({
	...filledText('NAME', 'a name or a number'),
	check: (value: unknown) => {
		if ((typeof value === 'number' && Number.isInteger(value) && value >= 0) || (typeof value === 'string' && value !== ''))
			return String(value);
		throw new RangeError('a name or a number is needed');
	},
});

export const user = setting('user', {
	section,
	flags: ['-u', '--user'],
	kind: account,
	default: null,
	doc: 'The user, by name or number, that the workers become; without it they stay who the server is.',
});

export const group = setting('group', {
	section,
	flags: ['-g', '--group'],
	kind: account,
	default: null,
	doc: 'The group, by name or number, that the workers become; without it they stay in that of the server.',
});

export const umask = setting('umask', {
	section,
	flags: ['-m', '--umask'],
	kind: permissionBits,
	default: 0,
	doc: 'The permission bits taken from unix sockets. The umask of the workers stays as it is.',
});

export const initgroups = setting('initgroups', {
	section,
	flags: ['--initgroups'],
	kind: switchTo<boolean>(true),
	default: false,
	doc: 'Gives the workers all groups of `user`.',
});

export const tmp_upload_dir = setting('tmp_upload_dir', {
	section,
	kind: optional(filledText('FOLDER', 'a folder')),
	default: null,
	doc: 'The folder for bodies of requests while they are read.',
	support: refused('bodies are streamed and never written to a disk; leave the setting out'),
});

export const pythonpath = setting('pythonpath', {
	section,
	flags: ['--pythonpath'],
	kind: optional(text('FOLDERS')),
	default: null,
	doc: 'Folders in which Python looks for modules.',
	support: refused("Node finds modules beside the file that imports them; use --chdir, a package's `imports`, or NODE_PATH"),
});

export const paste = setting('paste', {
	section,
	flags: ['--paste', '--paster'],
	kind: optional(text('FILE')),
	default: null,
	doc: 'A PasteDeploy file.',
	support: refused("PasteDeploy is Python's; use a config file, and APP_MODULE of the form MODULE:FACTORY('argument')"),
});

export const raw_paste_global_conf = setting('raw_paste_global_conf', {
	section,
	flags: ['--paste-global'],
	kind: list('KEY=VALUE'),
	default: [],
	doc: 'A variable for PasteDeploy.',
	support: refused("PasteDeploy is Python's; use --env KEY=VALUE, and APP_MODULE of the form MODULE:FACTORY('argument')"),
});

export const secure_scheme_headers = setting('secure_scheme_headers', {
	section,
	kind: mapping,
	default: { 'X-FORWARDED-PROTOCOL': 'ssl', 'X-FORWARDED-PROTO': 'https', 'X-FORWARDED-SSL': 'on' },
	doc: 'Header fields, and their values, by which a trusted proxy says that its client came over https.',
});
