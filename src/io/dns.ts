import type { LookupAddress, LookupAllOptions, LookupOneOptions, LookupOptions } from 'node:dns';
import { block } from '../engine/engine.js';
import { checkString } from './argument-check.js';
import {
	GET_DEFAULT_RESULT_ORDER,
	GET_SERVERS,
	LOOKUP,
	LOOKUP_SERVICE,
	type ResultOrder,
	SET_DEFAULT_RESULT_ORDER,
	SET_SERVERS,
} from './dns-messages.js';

export type { LookupAddress, LookupAllOptions, LookupOneOptions, LookupOptions } from 'node:dns';
export type { ResultOrder } from './dns-messages.js';
export * from './dns-resolve.js';

/**
 * Looks a name up as the operating system does, hosts file included: the blocking twin of `dns.lookup`. Parks the
 * greenlet until the system has answered; may be called in any greenlet, as may all functions of this module.
 * @param options as `dns.lookup` takes them, or the family: 4, 6, or 0, the default, for both
 * @returns `{ address, family }`, or an array of all of them with `{ all: true }`, as the promise form gives
 * @throws Error `ENOTFOUND`, `EAI_AGAIN`, with `syscall` and `hostname`
 * @throws TypeError for bad options, with Node's codes
 * @example
 * ```ts
 * const { address } = lookupSync('localhost', { family: 4 });
 * const all = lookupSync('localhost', { all: true });
 * ```
 */
export function lookupSync(hostname: string, options: LookupAllOptions): LookupAddress[];
export function lookupSync(hostname: string, options?: LookupOneOptions | number): LookupAddress;
export function lookupSync(hostname: string, options?: LookupOptions): LookupAddress | LookupAddress[];
export function lookupSync(hostname: string, options?: LookupOptions | number): LookupAddress | LookupAddress[] {
	return block(LOOKUP, checkString('lookupSync', 'hostname', hostname), options ?? null);
}

/**
 * The names of an address and a port, as the operating system knows them: the blocking twin of `dns.lookupService`.
 * @param address IPv4 or IPv6
 * @throws Error `ENOTFOUND`, with `syscall` and `hostname`
 * @throws TypeError `ERR_INVALID_ARG_VALUE` when `address` is none @throws RangeError `ERR_SOCKET_BAD_PORT`
 * @example
 * ```ts
 * const { hostname, service } = lookupServiceSync('127.0.0.1', 22); // localhost, ssh
 * ```
 */
export function lookupServiceSync(address: string, port: number): { hostname: string; service: string } {
	return block(LOOKUP_SERVICE, checkString('lookupServiceSync', 'address', address), port);
}

/**
 * The name servers that the blocking `resolve*Sync` and `reverseSync` ask.
 * @example
 * ```ts
 * console.log(getServers());
 * ```
 */
export function getServers(): string[] {
	return block(GET_SERVERS);
}

/**
 * Chooses the name servers for `resolve*Sync` and `reverseSync` in all greenlets of the process; questions under way are
 * not disturbed. `lookupSync` and `connectSync` go by the system's settings.
 * @param servers addresses, with a port where it is not 53: `'127.0.0.1:5353'`, `'[::1]:53'`
 * @throws TypeError `ERR_INVALID_IP_ADDRESS`
 * @example
 * ```ts
 * setServers(['192.0.2.53', '[2001:db8::53]:5353']);
 * ```
 */
export function setServers(servers: readonly string[]): void {
	block(SET_SERVERS, servers);
}

/**
 * In which order lookups of all greenlets of the process give addresses that are not ordered by the caller.
 * @example
 * ```ts
 * console.log(getDefaultResultOrder()); // verbatim
 * ```
 */
export function getDefaultResultOrder(): ResultOrder {
	return block(GET_DEFAULT_RESULT_ORDER);
}

/**
 * Sets the order in which lookups, those of `connectSync` too, give addresses; for all greenlets of the process.
 * @param order `'verbatim'`: as the system gave them
 * @throws TypeError `ERR_INVALID_ARG_VALUE`
 * @example
 * ```ts
 * setDefaultResultOrder('ipv4first');
 * ```
 */
export function setDefaultResultOrder(order: ResultOrder): void {
	block(SET_DEFAULT_RESULT_ORDER, order);
}
