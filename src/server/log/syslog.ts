import { UdpSender, UnixDatagramSender } from './datagram-sender.js';
import type { Level } from './error-log.js';
import type { LogSettings } from './log-settings.js';
import { type HostPort, parseHostPort, type Sender } from './sender.js';
import { StreamSender } from './stream-sender.js';

/** Numbers of RFC 3164, 4.1.1. */
const FACILITIES: Readonly<Record<string, number>> = {
	...{ kern: 0, user: 1, mail: 2, daemon: 3, auth: 4, security: 4, syslog: 5, lpr: 6, news: 7, uucp: 8, cron: 9, authpriv: 10, ftp: 11 },
	...{ local0: 16, local1: 17, local2: 18, local3: 19, local4: 20, local5: 21, local6: 22, local7: 23 },
};

const SEVERITIES: Readonly<Record<Level, number>> = { DEBUG: 7, INFO: 6, WARNING: 4, ERROR: 3, CRITICAL: 2 };

const SYSLOG_PORT = 514;

/** Where syslog listens. */
export type SyslogAddress = { readonly kind: 'dgram' | 'stream'; readonly path: string } | ({ readonly kind: 'udp' | 'tcp' } & HostPort);

/**
 * Reads gunicorn's forms of an address: `unix://PATH`, which is one for datagrams, `unix://PATH#dgram`, `unix://PATH#stream`,
 * `udp://HOST:PORT` and `tcp://HOST:PORT`, both with 514 as the default port.
 * @throws RangeError whose message says what is needed instead
 */
export function parseSyslogAddress(text: string): SyslogAddress {
	const [, path, kind = 'dgram'] = /^unix:\/\/(.+?)(?:#(dgram|stream))?$/.exec(text) ?? [];
	if (path) return { kind: kind as 'dgram' | 'stream', path };
	const [, protocol, rest = ''] = /^(udp|tcp):\/\/(.*)$/.exec(text) ?? [];
	if (protocol) return { kind: protocol as 'udp' | 'tcp', ...parseHostPort(rest, SYSLOG_PORT) };
	throw new RangeError(`unix://PATH[#dgram|#stream], udp://HOST:PORT or tcp://HOST:PORT is needed, not '${text}'`);
}

/**
 * Sends entries in the form that Python's `SysLogHandler` gives those of gunicorn: `<14>gunicorn.NAME.error: [PID] text`, without time
 * and host, which the receiver adds. Each line of an entry becomes a message; on a stream a line end ends it.
 */
export class Syslog {
	readonly #sender: Sender;
	readonly #facility: number;
	readonly #name: string;
	readonly #end: string;

	/**
	 * @param report told what keeps messages from being sent
	 * @throws RangeError when the address cannot be read, or its kind of socket is not there
	 */
	constructor(settings: LogSettings, report: (text: string) => void) {
		const address = parseSyslogAddress(settings.syslog_addr);
		this.#sender = openSender(address, report);
		this.#facility = FACILITIES[settings.syslog_facility.toLowerCase()] ?? 1;
		this.#name = settings.syslog_prefix ?? (settings.proc_name ?? settings.default_proc_name).replaceAll(':', '.');
		this.#end = address.kind === 'tcp' || address.kind === 'stream' ? '\n' : '';
	}

	/** @param log which of gunicorn's two logs the entry belongs to */
	send(log: 'error' | 'access', level: Level, text: string): void {
		const head = `<${this.#facility * 8 + SEVERITIES[level]}>gunicorn.${this.#name}.${log}: [${process.pid}] `;
		for (const line of text.split('\n')) if (line !== '') this.#sender.send(Buffer.from(`${head}${line}${this.#end}`));
	}

	close(ms: number): Promise<void> {
		return this.#sender.close(ms);
	}
}

function openSender(address: SyslogAddress, report: (text: string) => void): Sender {
	switch (address.kind) {
		case 'dgram':
			return new UnixDatagramSender(address.path, report);
		case 'stream':
			return new StreamSender({ path: address.path }, `unix://${address.path}`, report);
		case 'udp':
			return new UdpSender(address, report);
		case 'tcp':
			return new StreamSender({ host: address.host, port: address.port }, `tcp://${address.host}:${address.port}`, report);
	}
}
