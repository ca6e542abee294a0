/** The settings that logs go by: a part of `Config`, under gunicorn's names. */
export interface LogSettings {
	/** A path; `-` is standard error; null is nowhere. */
	readonly errorlog: string | null;
	/** `debug`, `info`, `warning`, `error` or `critical`. */
	readonly loglevel: string;
	readonly capture_output: boolean;
	/** A path; `-` is standard output; null: there is none. */
	readonly accesslog: string | null;
	readonly access_log_format: string;
	readonly access_log_json: boolean;
	readonly request_id_header: string;
	readonly disable_redirect_access_to_syslog: boolean;
	readonly syslog: boolean;
	readonly syslog_addr: string;
	readonly syslog_prefix: string | null;
	readonly syslog_facility: string;
	/** `HOST:PORT` or `unix://PATH`; null: no metrics. */
	readonly statsd_host: string | null;
	readonly statsd_prefix: string;
	readonly dogstatsd_tags: string;
	/** The program's name in syslog, when `syslog_prefix` gives none. */
	readonly proc_name: string | null;
	readonly default_proc_name: string;
	/** Whom the arbiter, as root, gives the files to: names or numbers. */
	readonly user: string | number | null;
	readonly group: string | number | null;
}
