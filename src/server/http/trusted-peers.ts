import { BlockList, isIPv6, type Socket } from 'node:net';

/** The peers whose header fields about the real client are believed: gunicorn's `forwarded_allow_ips`. */
export class TrustedPeers {
	readonly #all: boolean;
	readonly #list = new BlockList();
	readonly #known = new WeakMap<Socket, boolean>();

	/** @param addresses IP addresses, networks such as `10.0.0.0/8`, or `*` for all */
	constructor(addresses: readonly string[]) {
		this.#all = addresses.includes('*');
		for (const address of addresses) if (address !== '*') this.#add(address);
	}

	#add(text: string): void {
		const [address = '', bits] = text.split('/');
		const family = isIPv6(address) ? 'ipv6' : 'ipv4';
		if (bits === undefined) this.#list.addAddress(address, family);
		else this.#list.addSubnet(address, Number(bits), family);
	}

	/** Whether the peer of a connection is trusted; on a Unix socket everybody is, as in gunicorn. */
	includes(socket: Socket): boolean {
		const known = this.#known.get(socket);
		if (known !== undefined) return known;
		const found = this.#all || this.#matches(socket);
		this.#known.set(socket, found);
		return found;
	}

	#matches({ remoteAddress, destroyed }: Socket): boolean {
		// A connection that has gone has no address either.
		if (remoteAddress === undefined) return !destroyed;
		return this.#list.check(remoteAddress, isIPv6(remoteAddress) ? 'ipv6' : 'ipv4');
	}
}
