import type { LogSettings } from '../../src/server/log/log-settings.js';

/** The settings of logs as gunicorn has them by default, but for those given. */
export function logSettings(given: Partial<LogSettings> = {}): LogSettings {
	return {
		errorlog: '-',
		loglevel: 'info',
		capture_output: false,
		accesslog: null,
		access_log_format: '%(h)s %(l)s %(u)s %(t)s "%(r)s" %(s)s %(b)s "%(f)s" "%(a)s"',
		access_log_json: false,
		request_id_header: 'X-Request-Id',
		disable_redirect_access_to_syslog: false,
		syslog: false,
		syslog_addr: 'udp://localhost:514',
		syslog_prefix: null,
		syslog_facility: 'user',
		statsd_host: null,
		statsd_prefix: '',
		dogstatsd_tags: '',
		proc_name: null,
		default_proc_name: 'gunicorn',
		user: null,
		group: null,
		...given,
	};
}
