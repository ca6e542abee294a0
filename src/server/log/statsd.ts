import { UdpSender, UnixDatagramSender } from './datagram-sender.js';
import type { Level } from './error-log.js';
import type { Access } from './log.js';
import type { LogSettings } from './log-settings.js';
import { type HostPort, parseHostPort, type Sender } from './sender.js';

const STATSD_PORT = 8125;
/** What fits into one Ethernet frame. */
const MOST_BYTES = 1_432;
/** How long metrics may wait for more of them. */
const BATCH_MS = 100;

/**
 * Reads gunicorn's `statsd_host`: `HOST:PORT` or `unix://PATH`.
 * @throws RangeError whose message says what is needed instead
 */
export function parseStatsdHost(text: string): { readonly path: string } | HostPort {
	const path = /^unix:\/\/(.+)$/.exec(text)?.[1];
	return path ? { path } : parseHostPort(text.replace(/^udp:\/\//, ''), STATSD_PORT);
}

/**
 * Sends metrics under gunicorn's names. Several go into one datagram, a line each; a counter's steps within one batch are added up.
 */
export class Statsd {
	readonly #sender: Sender;
	readonly #prefix: string;
	readonly #tags: string;
	readonly #counts = new Map<string, number>();
	#lines: string[] = [];
	#timer: NodeJS.Timeout | undefined;

	/**
	 * @param host `statsd_host`, which is set
	 * @param report told what keeps metrics from being sent
	 * @throws RangeError when the address cannot be read, or its kind of socket is not there
	 */
	constructor(host: string, settings: Pick<LogSettings, 'statsd_prefix' | 'dogstatsd_tags'>, report: (text: string) => void) {
		const address = parseStatsdHost(host);
		this.#sender = 'path' in address ? new UnixDatagramSender(address.path, report) : new UdpSender(address, report);
		this.#prefix = settings.statsd_prefix === '' ? '' : `${settings.statsd_prefix.replace(/\.+$/, '')}.`;
		this.#tags = settings.dogstatsd_tags === '' ? '' : `|#${settings.dogstatsd_tags}`;
	}

	record({ status, durationMs }: Access): void {
		this.#add(`gunicorn.request.duration:${Math.round(durationMs * 1000) / 1000}|ms`);
		this.increment('gunicorn.requests');
		this.increment(`gunicorn.request.status.${status}`);
	}

	/** Counts an entry of the error log from WARNING on; one that shows an error with its stack as an exception. */
	countEntry(level: Level, failure: boolean): void {
		if (level === 'DEBUG' || level === 'INFO') return;
		this.increment(`gunicorn.log.${failure && level === 'ERROR' ? 'exception' : level.toLowerCase()}`);
	}

	increment(name: string): void {
		this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
		this.#arm();
	}

	gauge(name: string, value: number): void {
		this.#add(`${name}:${value}|g`);
	}

	histogram(name: string, value: number): void {
		this.#add(`${name}:${value}|ms`);
	}

	/** Sends what has come together; a datagram never waits. */
	flush(): void {
		clearTimeout(this.#timer);
		this.#timer = undefined;
		for (const [name, count] of this.#counts) this.#lines.push(`${name}:${count}|c|@1.0`);
		this.#counts.clear();
		let packet = '';
		for (const metric of this.#lines) {
			const line = `${this.#prefix}${metric}${this.#tags}`;
			if (packet !== '' && packet.length + 1 + line.length > MOST_BYTES) {
				this.#sender.send(Buffer.from(packet));
				packet = line;
			} else {
				packet = packet === '' ? line : `${packet}\n${line}`;
			}
		}
		if (packet !== '') this.#sender.send(Buffer.from(packet));
		this.#lines = [];
	}

	close(ms: number): Promise<void> {
		this.flush();
		return this.#sender.close(ms);
	}

	#add(metric: string): void {
		this.#lines.push(metric);
		if (this.#lines.length * (metric.length + this.#prefix.length + this.#tags.length) > MOST_BYTES) this.flush();
		else this.#arm();
	}

	#arm(): void {
		this.#timer ??= setTimeout(() => this.flush(), BATCH_MS).unref();
	}
}
