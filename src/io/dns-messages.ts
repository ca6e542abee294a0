import type { LookupAddress, LookupOptions } from 'node:dns';
import { operation } from '../engine/operation.js';

/** Where the addresses of a lookup that has both kinds begin. */
export type ResultOrder = 'ipv4first' | 'ipv6first' | 'verbatim';

/** The options as the caller gave them: the hub's `dns` checks them. */
type Options = number | string | object | null;

export const LOOKUP = operation<[hostname: string, options: LookupOptions | number | null], LookupAddress | LookupAddress[]>(
	64,
	'lookupSync',
);
export const LOOKUP_SERVICE = operation<[address: string, port: number], { hostname: string; service: string }>(65, 'lookupServiceSync');
export const GET_SERVERS = operation<[], string[]>(66, 'dns.getServers');
export const SET_SERVERS = operation<[servers: readonly string[]], undefined>(67, 'dns.setServers');
export const GET_DEFAULT_RESULT_ORDER = operation<[], ResultOrder>(68, 'dns.getDefaultResultOrder');
export const SET_DEFAULT_RESULT_ORDER = operation<[order: ResultOrder], undefined>(69, 'dns.setDefaultResultOrder');

const query = (id: number, method: string) => operation<[name: string, options: Options], unknown>(id, `${method}Sync`);

/** The questions to a name server, by the method of `dns.promises.Resolver` that asks them. */
export const QUERIES = {
	resolve: query(70, 'resolve'),
	resolve4: query(71, 'resolve4'),
	resolve6: query(72, 'resolve6'),
	resolveAny: query(73, 'resolveAny'),
	resolveCaa: query(74, 'resolveCaa'),
	resolveCname: query(75, 'resolveCname'),
	resolveMx: query(76, 'resolveMx'),
	resolveNaptr: query(77, 'resolveNaptr'),
	resolveNs: query(78, 'resolveNs'),
	resolvePtr: query(79, 'resolvePtr'),
	resolveSoa: query(80, 'resolveSoa'),
	resolveSrv: query(81, 'resolveSrv'),
	resolveTlsa: query(82, 'resolveTlsa'),
	resolveTxt: query(83, 'resolveTxt'),
	reverse: query(84, 'reverse'),
} as const;

/** A method that asks a name server. */
export type Query = keyof typeof QUERIES;
