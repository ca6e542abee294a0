import type {
	AnyRecord,
	CaaRecord,
	MxRecord,
	NaptrRecord,
	RecordWithTtl,
	ResolveOptions,
	ResolveWithTtlOptions,
	SoaRecord,
	SrvRecord,
} from 'node:dns';
import { block } from '../engine/engine.js';
import { checkString } from './argument-check.js';
import { QUERIES, type Query } from './dns-messages.js';

/** A TLSA record: what certificate a service must show. */
export interface TlsaRecord {
	/** Certificate usage. */
	readonly certUsage: number;
	/** Which part of the certificate `data` is about. */
	readonly selector: number;
	/** How `data` was made of it. */
	readonly match: number;
	readonly data: ArrayBuffer;
}

/** What `resolveSync` gives for each record type. */
export interface RecordsByType {
	A: string[];
	AAAA: string[];
	ANY: AnyRecord[];
	CAA: CaaRecord[];
	CNAME: string[];
	MX: MxRecord[];
	NAPTR: NaptrRecord[];
	NS: string[];
	PTR: string[];
	SOA: SoaRecord;
	SRV: SrvRecord[];
	TLSA: TlsaRecord[];
	TXT: string[][];
}

/**
 * Asks the name servers for records of a name: the blocking twin of `dns.resolve`. Parks the greenlet until they have
 * answered; may be called in any greenlet, as may all functions of this module.
 * @param rrtype default `'A'`
 * @throws Error with Node's DNS codes (`ENOTFOUND`, `ENODATA`, `ESERVFAIL`, `ETIMEOUT`, `ECONNREFUSED`), `syscall` and `hostname`
 * @throws TypeError `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`
 * @example
 * ```ts no-run needs a name server
 * const [mail] = resolveSync('example.org', 'MX');
 * ```
 */
export function resolveSync(hostname: string): string[];
export function resolveSync<T extends keyof RecordsByType>(hostname: string, rrtype: T): RecordsByType[T];
export function resolveSync(hostname: string, rrtype?: string): RecordsByType[keyof RecordsByType];
export function resolveSync(hostname: string, rrtype?: string): unknown {
	return ask('resolve', hostname, rrtype);
}

/**
 * Asks for IPv4 addresses (A records): the blocking twin of `dns.resolve4`.
 * @param options `{ ttl: true }` gives objects with `address` and `ttl`, in seconds
 * @throws as `resolveSync`
 * @example
 * ```ts no-run needs a name server
 * const addresses = resolve4Sync('example.org');
 * ```
 */
export function resolve4Sync(hostname: string): string[];
export function resolve4Sync(hostname: string, options: ResolveWithTtlOptions): RecordWithTtl[];
export function resolve4Sync(hostname: string, options: ResolveOptions): string[] | RecordWithTtl[];
export function resolve4Sync(hostname: string, options?: ResolveOptions): unknown {
	return ask('resolve4', hostname, options);
}

/**
 * Asks for IPv6 addresses (AAAA records): the blocking twin of `dns.resolve6`.
 * @param options `{ ttl: true }` gives objects with `address` and `ttl`, in seconds
 * @throws as `resolveSync`
 * @example
 * ```ts no-run needs a name server
 * const addresses = resolve6Sync('example.org');
 * ```
 */
export function resolve6Sync(hostname: string): string[];
export function resolve6Sync(hostname: string, options: ResolveWithTtlOptions): RecordWithTtl[];
export function resolve6Sync(hostname: string, options: ResolveOptions): string[] | RecordWithTtl[];
export function resolve6Sync(hostname: string, options?: ResolveOptions): unknown {
	return ask('resolve6', hostname, options);
}

/**
 * Asks for all records: the blocking twin of `dns.resolveAny`.
 * @throws as `resolveSync`
 * @example
 * ```ts no-run needs a name server
 * const records = resolveAnySync('example.org');
 * ```
 */
export function resolveAnySync(hostname: string): AnyRecord[] {
	return ask('resolveAny', hostname) as AnyRecord[];
}

/**
 * Asks for CAA records: who may issue certificates: the blocking twin of `dns.resolveCaa`.
 * @throws as `resolveSync`
 * @example
 * ```ts no-run needs a name server
 * const issuers = resolveCaaSync('example.org');
 * ```
 */
export function resolveCaaSync(hostname: string): CaaRecord[] {
	return ask('resolveCaa', hostname) as CaaRecord[];
}

/**
 * Asks for CNAME records: the blocking twin of `dns.resolveCname`.
 * @throws as `resolveSync`
 * @example
 * ```ts no-run needs a name server
 * const [alias] = resolveCnameSync('www.example.org');
 * ```
 */
export function resolveCnameSync(hostname: string): string[] {
	return ask('resolveCname', hostname) as string[];
}

/**
 * Asks for MX records: the blocking twin of `dns.resolveMx`.
 * @throws as `resolveSync`
 * @example
 * ```ts no-run needs a name server
 * const exchangers = resolveMxSync('example.org').sort((a, b) => a.priority - b.priority);
 * ```
 */
export function resolveMxSync(hostname: string): MxRecord[] {
	return ask('resolveMx', hostname) as MxRecord[];
}

/**
 * Asks for NAPTR records: the blocking twin of `dns.resolveNaptr`.
 * @throws as `resolveSync`
 * @example
 * ```ts no-run needs a name server
 * const rules = resolveNaptrSync('example.org');
 * ```
 */
export function resolveNaptrSync(hostname: string): NaptrRecord[] {
	return ask('resolveNaptr', hostname) as NaptrRecord[];
}

/**
 * Asks for NS records: the blocking twin of `dns.resolveNs`.
 * @throws as `resolveSync`
 * @example
 * ```ts no-run needs a name server
 * const servers = resolveNsSync('example.org');
 * ```
 */
export function resolveNsSync(hostname: string): string[] {
	return ask('resolveNs', hostname) as string[];
}

/**
 * Asks for PTR records: the blocking twin of `dns.resolvePtr`.
 * @throws as `resolveSync`
 * @example
 * ```ts no-run needs a name server
 * const names = resolvePtrSync('1.2.0.192.in-addr.arpa');
 * ```
 */
export function resolvePtrSync(hostname: string): string[] {
	return ask('resolvePtr', hostname) as string[];
}

/**
 * Asks for the SOA record: the blocking twin of `dns.resolveSoa`.
 * @throws as `resolveSync`
 * @example
 * ```ts no-run needs a name server
 * const { serial } = resolveSoaSync('example.org');
 * ```
 */
export function resolveSoaSync(hostname: string): SoaRecord {
	return ask('resolveSoa', hostname) as SoaRecord;
}

/**
 * Asks for SRV records: the blocking twin of `dns.resolveSrv`.
 * @throws as `resolveSync`
 * @example
 * ```ts no-run needs a name server
 * const [{ name, port }] = resolveSrvSync('_ldap._tcp.example.org');
 * ```
 */
export function resolveSrvSync(hostname: string): SrvRecord[] {
	return ask('resolveSrv', hostname) as SrvRecord[];
}

/**
 * Asks for TLSA records: the blocking twin of `dns.resolveTlsa`.
 * @throws as `resolveSync`
 * @throws GreenError `ERR_METHOD_NOT_IMPLEMENTED` where Node has no `dns.resolveTlsa` (it came with 22.15)
 * @example
 * ```ts no-run needs a name server
 * const pins = resolveTlsaSync('_443._tcp.example.org');
 * ```
 */
export function resolveTlsaSync(hostname: string): TlsaRecord[] {
	return ask('resolveTlsa', hostname) as TlsaRecord[];
}

/**
 * Asks for TXT records, each in its chunks: the blocking twin of `dns.resolveTxt`.
 * @throws as `resolveSync`
 * @example
 * ```ts no-run needs a name server
 * const texts = resolveTxtSync('example.org').map((chunks) => chunks.join(''));
 * ```
 */
export function resolveTxtSync(hostname: string): string[][] {
	return ask('resolveTxt', hostname) as string[][];
}

/**
 * Asks for the names of an address: the blocking twin of `dns.reverse`.
 * @param ip IPv4 or IPv6
 * @throws as `resolveSync`; `EINVAL` when `ip` is no address
 * @example
 * ```ts no-run needs a name server
 * const [name] = reverseSync('192.0.2.1');
 * ```
 */
export function reverseSync(ip: string): string[] {
	return ask('reverse', ip) as string[];
}

function ask(query: Query, name: string, options?: string | object): unknown {
	checkString(`${query}Sync`, query === 'reverse' ? 'ip' : 'hostname', name);
	return block(QUERIES[query], name, options ?? null);
}
