import { refused, setting } from './setting.js';
import { choice, filledText, mapping, optional, switchTo, text } from './value-kind.js';

const section = 'Logging';

/** gunicorn's default, a format that most log readers know as "combined". */
const COMBINED = '%(h)s %(l)s %(u)s %(t)s "%(r)s" %(s)s %(b)s "%(f)s" "%(a)s"';

const PYTHON_LOGGING = "it configures Python's logging; use errorlog, loglevel, access_log_format, access_log_json and syslog";

export const accesslog = setting('accesslog', {
	section,
	flags: ['--access-logfile'],
	kind: optional(filledText('FILE', 'a path, or -,')),
	default: null,
	doc: 'The access log; - is the standard output. Without it there is none.',
});

export const disable_redirect_access_to_syslog = setting('disable_redirect_access_to_syslog', {
	section,
	flags: ['--disable-redirect-access-to-syslog'],
	kind: switchTo<boolean>(true),
	default: false,
	doc: 'Keeps the access log out of syslog.',
});

export const access_log_format = setting('access_log_format', {
	section,
	flags: ['--access-logformat'],
	kind: text('FORMAT'),
	default: COMBINED,
	doc: 'The lines of the access log, in atoms such as %(h)s.',
});

export const access_log_json = setting('access_log_json', {
	section,
	flags: ['--access-log-json'],
	kind: switchTo<boolean>(true),
	default: false,
	doc: 'Writes the access log as one JSON object a line, with the id of the request, instead of access_log_format.',
	own: true,
});

export const request_id_header = setting('request_id_header', {
	section,
	flags: ['--request-id-header'],
	kind: text('NAME', (name) => {
		if (!/^[!#$%&'*+.^_`|~\w-]+$/.test(name)) throw new RangeError('the name of a header field is needed');
		return name;
	}),
	default: 'X-Request-Id',
	doc: 'The header field of a request that holds its id; one that has none is given one.',
	own: true,
});

export const errorlog = setting('errorlog', {
	section,
	flags: ['--error-logfile', '--log-file'],
	kind: filledText('FILE', 'a path, or -,'),
	default: '-',
	doc: 'The error log; - is the standard error.',
});

export const loglevel = setting('loglevel', {
	section,
	flags: ['--log-level'],
	kind: choice(['debug', 'info', 'warning', 'error', 'critical']),
	default: 'info',
	doc: 'The least important lines that the error log has: debug, info, warning, error or critical.',
});

export const capture_output = setting('capture_output', {
	section,
	flags: ['--capture-output'],
	kind: switchTo<boolean>(true),
	default: false,
	doc: 'Writes what the app prints to its standard output and error into the error log, if that is a file. What its native code and its children print goes to the file that was there when their worker started.',
});

export const logger_class = setting('logger_class', {
	section,
	flags: ['--logger-class'],
	kind: text('CLASS'),
	default: 'gunicorn.glogging.Logger',
	doc: 'The class of the logs.',
	support: refused('the logs cannot be replaced; use access_log_format, access_log_json, syslog or statsd_host'),
	// What gunicorn itself switches to with statsd_host.
	harmless: ['gunicorn.instrument.statsd.Statsd'],
});

export const logconfig = setting('logconfig', {
	section,
	flags: ['--log-config'],
	kind: optional(text('FILE')),
	default: null,
	doc: "A file for Python's logging.",
	support: refused(PYTHON_LOGGING),
});

export const logconfig_dict = setting('logconfig_dict', {
	section,
	kind: { ...mapping, check: (value) => (isPlainObject(value) ? value : mapping.check(value)) },
	default: {},
	doc: "An object for Python's logging.",
	support: refused(PYTHON_LOGGING),
});

function isPlainObject(value: unknown): value is Readonly<Record<string, string>> {
	return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export const logconfig_json = setting('logconfig_json', {
	section,
	flags: ['--log-config-json'],
	kind: optional(text('FILE')),
	default: null,
	doc: "A JSON file for Python's logging.",
	support: refused(PYTHON_LOGGING),
});

const SYSLOG_SOCKETS: Readonly<Partial<Record<NodeJS.Platform, string>>> = {
	linux: 'unix:///dev/log',
	darwin: 'unix:///var/run/syslog',
	freebsd: 'unix:///var/run/log',
	openbsd: 'unix:///dev/log',
};

export const syslog_addr = setting('syslog_addr', {
	section,
	flags: ['--log-syslog-to'],
	kind: text('ADDRESS', (address) => {
		if (!/^(?:unix:\/\/.+|(?:udp|tcp):\/\/.+)$/.test(address))
			throw new RangeError('unix://PATH, unix://PATH#dgram, unix://PATH#stream, udp://HOST:PORT or tcp://HOST:PORT is needed');
		return address;
	}),
	default: SYSLOG_SOCKETS[process.platform] ?? 'udp://localhost:514',
	defaultText: "the platform's own socket, else udp://localhost:514",
	doc: 'Where syslog listens: unix://PATH[#dgram|#stream], udp://HOST:PORT or tcp://HOST:PORT.',
});

export const syslog = setting('syslog', {
	section,
	flags: ['--log-syslog'],
	kind: switchTo<boolean>(true),
	default: false,
	doc: 'Sends the logs to syslog.',
});

export const syslog_prefix = setting('syslog_prefix', {
	section,
	flags: ['--log-syslog-prefix'],
	kind: optional(text('NAME')),
	default: null,
	doc: "The program's name in syslog; without it, proc_name.",
});

const FACILITIES = [
	...['auth', 'authpriv', 'cron', 'daemon', 'ftp', 'kern', 'lpr', 'mail', 'news', 'security', 'syslog', 'user', 'uucp'],
	...Array.from({ length: 8 }, (_, number) => `local${number}`),
];

export const syslog_facility = setting('syslog_facility', {
	section,
	flags: ['--log-syslog-facility'],
	kind: choice(FACILITIES),
	default: 'user',
	doc: 'The facility in syslog, such as user or local0.',
});

export const enable_stdio_inheritance = setting('enable_stdio_inheritance', {
	section,
	flags: ['-R', '--enable-stdio-inheritance'],
	kind: switchTo<boolean>(true),
	default: false,
	doc: 'Keeps the standard input, output and error with --daemon.',
});

export const statsd_host = setting('statsd_host', {
	section,
	flags: ['--statsd-host'],
	kind: optional(
		text('ADDRESS', (address) => {
			if (!/^unix:\/\/.+$|^(?:udp:\/\/)?(?:\[[^\]]+\]|[^:/]+):\d+$/.test(address))
				throw new RangeError('HOST:PORT or unix://PATH is needed');
			return address;
		}),
	),
	default: null,
	doc: 'Where statsd listens, HOST:PORT or unix://PATH; without it nothing is measured.',
});

export const dogstatsd_tags = setting('dogstatsd_tags', {
	section,
	flags: ['--dogstatsd-tags'],
	kind: text('TAGS'),
	default: '',
	doc: 'Tags for every metric, with commas between, as DogStatsD takes them.',
});

export const statsd_prefix = setting('statsd_prefix', {
	section,
	flags: ['--statsd-prefix'],
	kind: text('PREFIX'),
	default: '',
	doc: 'What every metric begins with; a dot is added.',
});

export const enable_backlog_metric = setting('enable_backlog_metric', {
	section,
	flags: ['--enable-backlog-metric'],
	kind: switchTo<boolean>(true),
	default: false,
	doc: 'Measures how many connections wait in the kernel, as gunicorn.backlog; on Linux.',
});
