/** Takes messages to another process on a best-effort basis: never waits, never throws, keeps little. */
export interface Sender {
	send(message: Buffer): void;
	/** Lets what was sent go out, for at most `ms` milliseconds, and ends. */
	close(ms: number): Promise<void>;
}

/** A place on the network. */
export interface HostPort {
	readonly host: string;
	readonly port: number;
}

/**
 * Reads `HOST`, `HOST:PORT` or `[V6]:PORT`.
 * @param defaultPort for an address without one
 * @throws RangeError when it is none of these
 */
export function parseHostPort(text: string, defaultPort: number): HostPort {
	const found = /^(?:\[(?<v6>[^\]]+)\]|(?<host>[^:[\]/\s]*))(?::(?<port>\d+))?$/.exec(text)?.groups;
	const port = Number(found?.port ?? defaultPort);
	if (!found || port > 65_535) throw new RangeError(`'${text}' is not HOST:PORT`);
	return { host: found.v6 ?? (found.host || 'localhost'), port };
}

/** Says once what keeps a sender from sending, and once that it has passed. */
export class Trouble {
	readonly #where: string;
	readonly #report: (text: string) => void;
	#lost = 0;
	#said = false;

	/** @param report called later, never from inside a call to this object */
	constructor(where: string, report: (text: string) => void) {
		this.#where = where;
		this.#report = report;
	}

	/** A message was lost. */
	lose(why: string): void {
		this.#lost++;
		this.say(why);
	}

	/** Nothing can be sent for now. */
	say(why: string): void {
		if (this.#said) return;
		this.#said = true;
		setImmediate(() => this.#report(`Cannot send to ${this.#where}: ${why}; what cannot be sent is dropped`));
	}

	/** A message has gone out. */
	pass(): void {
		if (!this.#said) return;
		const lost = this.#lost;
		this.#lost = 0;
		this.#said = false;
		setImmediate(() => this.#report(`Sending to ${this.#where} works again${lost > 0 ? `; messages dropped meanwhile: ${lost}` : ''}`));
	}
}
