/** Where to listen, as given: the port may be 0, the host a name. */
export type BindAddress =
	| { readonly kind: 'tcp'; readonly host: string; readonly port: number }
	| { readonly kind: 'unix'; readonly path: string }
	/** A socket that somebody else has opened and that was inherited as this descriptor. */
	| { readonly kind: 'fd'; readonly fd: number };

const DEFAULT_PORT = 8000;

/**
 * Reads gunicorn's forms of an address: `HOST`, `HOST:PORT`, `:PORT`, `[V6]:PORT`, any of them after `tcp://`, `unix:PATH`, and `fd://N`.
 * @throws RangeError whose message says what is needed instead
 */
export function parseBind(text: string): BindAddress {
	const unix = /^unix:(?:\/\/)?(.+)$/.exec(text);
	if (unix?.[1]) return { kind: 'unix', path: unix[1] };
	const fd = /^fd:\/\/(\d{1,6})$/.exec(text);
	if (fd) return { kind: 'fd', fd: Number(fd[1]) };
	const tcp = /^(?:tcp:\/\/)?(?:\[(?<v6>[0-9a-fA-F:.%\w]+)\]|(?<host>[^:[\]/\s]*))(?::(?<port>\d+))?$/.exec(text);
	const port = Number(tcp?.groups?.port ?? DEFAULT_PORT);
	if (!tcp || text === '' || port > 65_535)
		throw new RangeError('HOST, HOST:PORT, [V6]:PORT, unix:PATH or fd://N is needed, with a port up to 65535');
	return { kind: 'tcp', host: tcp.groups?.v6 ?? (tcp.groups?.host || '0.0.0.0'), port };
}

/** The address as gunicorn logs it: `http://127.0.0.1:8000`, `http://[::1]:8000`, `unix:/run/app.sock`, `fd://3`. */
export function describeBind(address: BindAddress): string {
	if (address.kind === 'unix') return `unix:${address.path}`;
	if (address.kind === 'fd') return `fd://${address.fd}`;
	return `http://${address.host.includes(':') ? `[${address.host}]` : address.host}:${address.port}`;
}
