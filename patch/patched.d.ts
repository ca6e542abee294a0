/**
 * Opt-in types of callback-less calls, for programs that run after `tsgevent/patch`:
 *
 *     /// <reference types="tsgevent/patched" />
 *
 * An augmentation of `dns` is one of `node:dns` as well. Each function ends with the overload it ended with before, because that is
 * the one `Parameters`, `ReturnType` and mocking libraries look at. Added names (`dns.lookupSync`) are never typed here: a named
 * import of them cannot link; import them from `tsgevent/dns`.
 */
import type * as Crypto from 'node:crypto';
import type * as Dns from 'node:dns';
import type * as Fs from 'node:fs';
import type * as Zlib from 'node:zlib';

type ErrnoException = NodeJS.ErrnoException;
type Lookup4or6 = { family?: number | 'IPv4' | 'IPv6' | undefined } & Omit<Dns.LookupOptions, 'all' | 'family'>;
type Named<Encoding> = { encoding?: Encoding } | Encoding;
type Folder = { recursive?: boolean | undefined };
type KeyPairType = 'rsa' | 'rsa-pss' | 'dsa' | 'dh' | 'ec' | 'ed25519' | 'ed448' | 'x25519' | 'x448';
/** What an encoding asked for among the options makes of a key. */
type Key<Options, Encoding extends string> =
	Options extends Record<Encoding, { format: 'pem' }>
		? string
		: Options extends Record<Encoding, { format: 'der' }>
			? Buffer
			: Crypto.KeyObject;

declare module 'dns' {
	function lookup(hostname: string, options: Lookup4or6 & { all: true }): Dns.LookupAddress[];
	function lookup(hostname: string, options?: number | (Lookup4or6 & { all?: false | undefined })): Dns.LookupAddress;
	function lookup(hostname: string, options: Dns.LookupOptions): Dns.LookupAddress | Dns.LookupAddress[];
	function lookup(hostname: string, callback: (err: ErrnoException | null, address: string, family: number) => void): void;

	function lookupService(address: string, port: number): { hostname: string; service: string };
	function lookupService(
		address: string,
		port: number,
		callback: (err: ErrnoException | null, hostname: string, service: string) => void,
	): void;

	function resolve(hostname: string, rrtype?: 'A' | 'AAAA' | 'CNAME' | 'NS' | 'PTR'): string[];
	function resolve(hostname: string, rrtype: 'ANY'): Dns.AnyRecord[];
	function resolve(hostname: string, rrtype: 'CAA'): Dns.CaaRecord[];
	function resolve(hostname: string, rrtype: 'MX'): Dns.MxRecord[];
	function resolve(hostname: string, rrtype: 'NAPTR'): Dns.NaptrRecord[];
	function resolve(hostname: string, rrtype: 'SOA'): Dns.SoaRecord;
	function resolve(hostname: string, rrtype: 'SRV'): Dns.SrvRecord[];
	function resolve(hostname: string, rrtype: 'TXT'): string[][];
	function resolve(
		hostname: string,
		rrtype: string,
		callback: (
			err: ErrnoException | null,
			addresses:
				| string[]
				| Dns.CaaRecord[]
				| Dns.MxRecord[]
				| Dns.NaptrRecord[]
				| Dns.SoaRecord
				| Dns.SrvRecord[]
				| string[][]
				| Dns.AnyRecord[],
		) => void,
	): void;

	function resolve4(hostname: string, options: Dns.ResolveWithTtlOptions): Dns.RecordWithTtl[];
	function resolve4(hostname: string, options?: { ttl?: false | undefined }): string[];
	function resolve4(hostname: string, options: Dns.ResolveOptions): string[] | Dns.RecordWithTtl[];
	function resolve4(
		hostname: string,
		options: Dns.ResolveOptions,
		callback: (err: ErrnoException | null, addresses: string[] | Dns.RecordWithTtl[]) => void,
	): void;

	function resolve6(hostname: string, options: Dns.ResolveWithTtlOptions): Dns.RecordWithTtl[];
	function resolve6(hostname: string, options?: { ttl?: false | undefined }): string[];
	function resolve6(hostname: string, options: Dns.ResolveOptions): string[] | Dns.RecordWithTtl[];
	function resolve6(
		hostname: string,
		options: Dns.ResolveOptions,
		callback: (err: ErrnoException | null, addresses: string[] | Dns.RecordWithTtl[]) => void,
	): void;

	function resolveAny(hostname: string): Dns.AnyRecord[];
	function resolveAny(hostname: string, callback: (err: ErrnoException | null, addresses: Dns.AnyRecord[]) => void): void;
	function resolveCaa(hostname: string): Dns.CaaRecord[];
	function resolveCaa(hostname: string, callback: (err: ErrnoException | null, records: Dns.CaaRecord[]) => void): void;
	function resolveCname(hostname: string): string[];
	function resolveCname(hostname: string, callback: (err: ErrnoException | null, addresses: string[]) => void): void;
	function resolveMx(hostname: string): Dns.MxRecord[];
	function resolveMx(hostname: string, callback: (err: ErrnoException | null, addresses: Dns.MxRecord[]) => void): void;
	function resolveNaptr(hostname: string): Dns.NaptrRecord[];
	function resolveNaptr(hostname: string, callback: (err: ErrnoException | null, addresses: Dns.NaptrRecord[]) => void): void;
	function resolveNs(hostname: string): string[];
	function resolveNs(hostname: string, callback: (err: ErrnoException | null, addresses: string[]) => void): void;
	function resolvePtr(hostname: string): string[];
	function resolvePtr(hostname: string, callback: (err: ErrnoException | null, addresses: string[]) => void): void;
	function resolveSoa(hostname: string): Dns.SoaRecord;
	function resolveSoa(hostname: string, callback: (err: ErrnoException | null, address: Dns.SoaRecord) => void): void;
	function resolveSrv(hostname: string): Dns.SrvRecord[];
	function resolveSrv(hostname: string, callback: (err: ErrnoException | null, addresses: Dns.SrvRecord[]) => void): void;
	function resolveTxt(hostname: string): string[][];
	function resolveTxt(hostname: string, callback: (err: ErrnoException | null, addresses: string[][]) => void): void;
	function reverse(ip: string): string[];
	function reverse(ip: string, callback: (err: ErrnoException | null, hostnames: string[]) => void): void;
}

declare module 'fs' {
	function access(...args: Parameters<typeof Fs.accessSync>): void;
	function access(path: Fs.PathLike, callback: Fs.NoParamCallback): void;
	function appendFile(...args: Parameters<typeof Fs.appendFileSync>): void;
	function appendFile(file: Fs.PathOrFileDescriptor, data: string | Uint8Array, callback: Fs.NoParamCallback): void;
	function chmod(...args: Parameters<typeof Fs.chmodSync>): void;
	function chmod(path: Fs.PathLike, mode: Fs.Mode, callback: Fs.NoParamCallback): void;
	function chown(...args: Parameters<typeof Fs.chownSync>): void;
	function chown(path: Fs.PathLike, uid: number, gid: number, callback: Fs.NoParamCallback): void;
	function copyFile(...args: Parameters<typeof Fs.copyFileSync>): void;
	function copyFile(src: Fs.PathLike, dest: Fs.PathLike, mode: number, callback: Fs.NoParamCallback): void;
	function cp(...args: Parameters<typeof Fs.cpSync>): void;
	function cp(source: string | URL, destination: string | URL, opts: Fs.CopyOptions, callback: (err: ErrnoException | null) => void): void;
	function exists(path: Fs.PathLike): boolean;
	function exists(path: Fs.PathLike, callback: (exists: boolean) => void): void;
	function fchmod(...args: Parameters<typeof Fs.fchmodSync>): void;
	function fchmod(fd: number, mode: Fs.Mode, callback: Fs.NoParamCallback): void;
	function fchown(...args: Parameters<typeof Fs.fchownSync>): void;
	function fchown(fd: number, uid: number, gid: number, callback: Fs.NoParamCallback): void;
	function fdatasync(fd: number): void;
	function fdatasync(fd: number, callback: Fs.NoParamCallback): void;

	function fstat(fd: number, options?: Fs.StatOptions & { bigint?: false | undefined }): Fs.Stats;
	function fstat(fd: number, options: Fs.StatOptions & { bigint: true }): Fs.BigIntStats;
	function fstat(fd: number, options: Fs.StatOptions): Fs.Stats | Fs.BigIntStats;
	function fstat(
		fd: number,
		options: Fs.StatOptions | undefined,
		callback: (err: ErrnoException | null, stats: Fs.Stats | Fs.BigIntStats) => void,
	): void;

	function fsync(fd: number): void;
	function fsync(fd: number, callback: Fs.NoParamCallback): void;
	function ftruncate(fd: number, len?: number): void;
	function ftruncate(fd: number, callback: Fs.NoParamCallback): void;
	function futimes(...args: Parameters<typeof Fs.futimesSync>): void;
	function futimes(fd: number, atime: Fs.TimeLike, mtime: Fs.TimeLike, callback: Fs.NoParamCallback): void;
	function lchown(...args: Parameters<typeof Fs.lchownSync>): void;
	function lchown(path: Fs.PathLike, uid: number, gid: number, callback: Fs.NoParamCallback): void;
	function link(...args: Parameters<typeof Fs.linkSync>): void;
	function link(existingPath: Fs.PathLike, newPath: Fs.PathLike, callback: Fs.NoParamCallback): void;

	function lstat(path: Fs.PathLike, options: Fs.StatSyncOptions & { bigint: true; throwIfNoEntry: false }): Fs.BigIntStats | undefined;
	function lstat(
		path: Fs.PathLike,
		options: Fs.StatSyncOptions & { bigint?: false | undefined; throwIfNoEntry: false },
	): Fs.Stats | undefined;
	function lstat(path: Fs.PathLike, options: Fs.StatSyncOptions & { bigint: true }): Fs.BigIntStats;
	function lstat(path: Fs.PathLike, options?: Fs.StatSyncOptions & { bigint?: false | undefined }): Fs.Stats;
	function lstat(
		path: Fs.PathLike,
		options: Fs.StatOptions | undefined,
		callback: (err: ErrnoException | null, stats: Fs.Stats | Fs.BigIntStats) => void,
	): void;

	function lutimes(...args: Parameters<typeof Fs.lutimesSync>): void;
	function lutimes(path: Fs.PathLike, atime: Fs.TimeLike, mtime: Fs.TimeLike, callback: Fs.NoParamCallback): void;

	function mkdir(path: Fs.PathLike, options: Fs.MakeDirectoryOptions & { recursive: true }): string | undefined;
	function mkdir(path: Fs.PathLike, options?: Fs.Mode | (Fs.MakeDirectoryOptions & { recursive?: false | undefined })): void;
	function mkdir(path: Fs.PathLike, options: Fs.Mode | Fs.MakeDirectoryOptions): string | undefined;
	function mkdir(path: Fs.PathLike, callback: Fs.NoParamCallback): void;

	function mkdtemp(prefix: string, options?: Named<BufferEncoding>): string;
	function mkdtemp(prefix: string, options: Named<'buffer'>): Buffer;
	function mkdtemp(prefix: string, callback: (err: ErrnoException | null, folder: string) => void): void;

	function open(path: Fs.PathLike, flags?: Fs.OpenMode, mode?: Fs.Mode): number;
	function open(path: Fs.PathLike, callback: (err: ErrnoException | null, fd: number) => void): void;
	function opendir(...args: Parameters<typeof Fs.opendirSync>): Fs.Dir;
	function opendir(path: Fs.PathLike, options: Fs.OpenDirOptions, cb: (err: ErrnoException | null, dir: Fs.Dir) => void): void;

	function read(fd: number, buffer: NodeJS.ArrayBufferView, offset: number, length: number, position?: Fs.ReadPosition): number;
	function read(...args: Parameters<typeof Fs.readSync>): number;
	function read(fd: number, callback: (err: ErrnoException | null, bytesRead: number, buffer: Buffer) => void): void;

	function readFile(path: Fs.PathOrFileDescriptor, options?: { encoding?: null | undefined; flag?: string | undefined }): Buffer;
	function readFile(
		path: Fs.PathOrFileDescriptor,
		options: { encoding: BufferEncoding; flag?: string | undefined } | BufferEncoding,
	): string;
	function readFile(path: Fs.PathOrFileDescriptor, options: NonNullable<Parameters<typeof Fs.readFileSync>[1]>): string | Buffer;
	function readFile(path: Fs.PathOrFileDescriptor, callback: (err: ErrnoException | null, data: Buffer) => void): void;

	function readdir(path: Fs.PathLike, options: Folder & { encoding: 'buffer'; withFileTypes: true }): ReturnType<typeof Fs.readdirSync>;
	function readdir(path: Fs.PathLike, options: Folder & { encoding?: BufferEncoding | null; withFileTypes: true }): Fs.Dirent[];
	function readdir(path: Fs.PathLike, options: (Folder & { encoding: 'buffer'; withFileTypes?: false | undefined }) | 'buffer'): Buffer[];
	function readdir(
		path: Fs.PathLike,
		options?: (Folder & { encoding?: BufferEncoding | null; withFileTypes?: false | undefined }) | BufferEncoding,
	): string[];
	function readdir(path: Fs.PathLike, callback: (err: ErrnoException | null, files: string[]) => void): void;

	function readlink(path: Fs.PathLike, options?: Named<BufferEncoding>): string;
	function readlink(path: Fs.PathLike, options: Named<'buffer'>): Buffer;
	function readlink(path: Fs.PathLike, callback: (err: ErrnoException | null, linkString: string) => void): void;

	function readv(...args: Parameters<typeof Fs.readvSync>): number;
	function readv(
		fd: number,
		buffers: readonly NodeJS.ArrayBufferView[],
		cb: (err: ErrnoException | null, bytesRead: number, buffers: NodeJS.ArrayBufferView[]) => void,
	): void;

	function realpath(path: Fs.PathLike, options?: Named<BufferEncoding>): string;
	function realpath(path: Fs.PathLike, options: Named<'buffer'>): Buffer;
	function realpath(path: Fs.PathLike, callback: (err: ErrnoException | null, resolvedPath: string) => void): void;
	namespace realpath {
		function native(path: Fs.PathLike, options?: Named<BufferEncoding>): string;
		function native(path: Fs.PathLike, options: Named<'buffer'>): Buffer;
		function native(path: Fs.PathLike, callback: (err: ErrnoException | null, resolvedPath: string) => void): void;
	}

	function rename(...args: Parameters<typeof Fs.renameSync>): void;
	function rename(oldPath: Fs.PathLike, newPath: Fs.PathLike, callback: Fs.NoParamCallback): void;
	function rmdir(...args: Parameters<typeof Fs.rmdirSync>): void;
	function rmdir(path: Fs.PathLike, callback: Fs.NoParamCallback): void;

	function stat(path: Fs.PathLike, options: Fs.StatSyncOptions & { bigint: true; throwIfNoEntry: false }): Fs.BigIntStats | undefined;
	function stat(
		path: Fs.PathLike,
		options: Fs.StatSyncOptions & { bigint?: false | undefined; throwIfNoEntry: false },
	): Fs.Stats | undefined;
	function stat(path: Fs.PathLike, options: Fs.StatSyncOptions & { bigint: true }): Fs.BigIntStats;
	function stat(path: Fs.PathLike, options?: Fs.StatSyncOptions & { bigint?: false | undefined }): Fs.Stats;
	function stat(
		path: Fs.PathLike,
		options: Fs.StatOptions | undefined,
		callback: (err: ErrnoException | null, stats: Fs.Stats | Fs.BigIntStats) => void,
	): void;

	function statfs(path: Fs.PathLike, options?: Fs.StatFsOptions & { bigint?: false | undefined }): Fs.StatsFs;
	function statfs(path: Fs.PathLike, options: Fs.StatFsOptions & { bigint: true }): Fs.BigIntStatsFs;
	function statfs(
		path: Fs.PathLike,
		options: Fs.StatFsOptions | undefined,
		callback: (err: ErrnoException | null, stats: Fs.StatsFs | Fs.BigIntStatsFs) => void,
	): void;

	function symlink(target: Fs.PathLike, path: Fs.PathLike, type?: 'dir' | 'file' | 'junction'): void;
	function symlink(target: Fs.PathLike, path: Fs.PathLike, callback: Fs.NoParamCallback): void;
	function truncate(path: Fs.PathLike, len?: number): void;
	function truncate(path: Fs.PathLike, callback: Fs.NoParamCallback): void;
	function unlink(path: Fs.PathLike): void;
	function unlink(path: Fs.PathLike, callback: Fs.NoParamCallback): void;
	function utimes(...args: Parameters<typeof Fs.utimesSync>): void;
	function utimes(path: Fs.PathLike, atime: Fs.TimeLike, mtime: Fs.TimeLike, callback: Fs.NoParamCallback): void;

	function write(fd: number, buffer: NodeJS.ArrayBufferView, offset?: number, length?: number, position?: number): number;
	function write(fd: number, string: string, position?: number | null, encoding?: BufferEncoding): number;
	function write(fd: number, string: string, callback: (err: ErrnoException | null, written: number, str: string) => void): void;
	function writeFile(...args: Parameters<typeof Fs.writeFileSync>): void;
	function writeFile(path: Fs.PathOrFileDescriptor, data: string | NodeJS.ArrayBufferView, callback: Fs.NoParamCallback): void;
	function writev(...args: Parameters<typeof Fs.writevSync>): number;
	function writev(
		fd: number,
		buffers: readonly NodeJS.ArrayBufferView[],
		cb: (err: ErrnoException | null, bytesWritten: number, buffers: NodeJS.ArrayBufferView[]) => void,
	): void;
}

declare module 'crypto' {
	function checkPrime(...args: Parameters<typeof Crypto.checkPrimeSync>): boolean;
	function checkPrime(value: Crypto.LargeNumberLike, callback: (err: Error | null, result: boolean) => void): void;
	function generateKey(...args: Parameters<typeof Crypto.generateKeySync>): Crypto.KeyObject;
	function generateKey(
		type: 'hmac' | 'aes',
		options: { length: number },
		callback: (err: Error | null, key: Crypto.KeyObject) => void,
	): void;

	/** The members of `options` besides the encodings are not checked: @types/node has no one type for them. */
	function generateKeyPair<const Options extends object>(
		type: KeyPairType,
		options: Options,
	): { publicKey: Key<Options, 'publicKeyEncoding'>; privateKey: Key<Options, 'privateKeyEncoding'> };
	function generateKeyPair(
		type: 'x448',
		options: object | undefined,
		callback: (err: Error | null, publicKey: Crypto.KeyObject, privateKey: Crypto.KeyObject) => void,
	): void;

	function generatePrime(size: number, options: Crypto.GeneratePrimeOptionsBigInt): bigint;
	function generatePrime(size: number, options?: Crypto.GeneratePrimeOptionsArrayBuffer): ArrayBuffer;
	function generatePrime(
		size: number,
		options: Crypto.GeneratePrimeOptions,
		callback: (err: Error | null, prime: ArrayBuffer | bigint) => void,
	): void;

	function hkdf(...args: Parameters<typeof Crypto.hkdfSync>): ArrayBuffer;
	function hkdf(
		digest: string,
		irm: Crypto.BinaryLike | Crypto.KeyObject,
		salt: Crypto.BinaryLike,
		info: Crypto.BinaryLike,
		keylen: number,
		callback: (err: Error | null, derivedKey: ArrayBuffer) => void,
	): void;

	function pbkdf2(...args: Parameters<typeof Crypto.pbkdf2Sync>): Buffer;
	function pbkdf2(
		password: Crypto.BinaryLike,
		salt: Crypto.BinaryLike,
		iterations: number,
		keylen: number,
		digest: string,
		callback: (err: Error | null, derivedKey: Buffer) => void,
	): void;

	function randomFill<T extends NodeJS.ArrayBufferView>(buffer: T, offset?: number, size?: number): T;
	function randomFill<T extends NodeJS.ArrayBufferView>(
		buffer: T,
		offset: number,
		size: number,
		callback: (err: Error | null, buf: T) => void,
	): void;

	function scrypt(...args: Parameters<typeof Crypto.scryptSync>): Buffer;
	function scrypt(
		password: Crypto.BinaryLike,
		salt: Crypto.BinaryLike,
		keylen: number,
		options: Crypto.ScryptOptions,
		callback: (err: Error | null, derivedKey: Buffer) => void,
	): void;
}

declare module 'zlib' {
	function brotliCompress(buf: Zlib.InputType, options?: Zlib.BrotliOptions): Buffer;
	function brotliCompress(buf: Zlib.InputType, callback: Zlib.CompressCallback): void;
	function brotliDecompress(buf: Zlib.InputType, options?: Zlib.BrotliOptions): Buffer;
	function brotliDecompress(buf: Zlib.InputType, callback: Zlib.CompressCallback): void;
	function deflate(buf: Zlib.InputType, options?: Zlib.ZlibOptions): Buffer;
	function deflate(buf: Zlib.InputType, options: Zlib.ZlibOptions, callback: Zlib.CompressCallback): void;
	function deflateRaw(buf: Zlib.InputType, options?: Zlib.ZlibOptions): Buffer;
	function deflateRaw(buf: Zlib.InputType, options: Zlib.ZlibOptions, callback: Zlib.CompressCallback): void;
	function gunzip(buf: Zlib.InputType, options?: Zlib.ZlibOptions): Buffer;
	function gunzip(buf: Zlib.InputType, options: Zlib.ZlibOptions, callback: Zlib.CompressCallback): void;
	function gzip(buf: Zlib.InputType, options?: Zlib.ZlibOptions): Buffer;
	function gzip(buf: Zlib.InputType, options: Zlib.ZlibOptions, callback: Zlib.CompressCallback): void;
	function inflate(buf: Zlib.InputType, options?: Zlib.ZlibOptions): Buffer;
	function inflate(buf: Zlib.InputType, options: Zlib.ZlibOptions, callback: Zlib.CompressCallback): void;
	function inflateRaw(buf: Zlib.InputType, options?: Zlib.ZlibOptions): Buffer;
	function inflateRaw(buf: Zlib.InputType, options: Zlib.ZlibOptions, callback: Zlib.CompressCallback): void;
	function unzip(buf: Zlib.InputType, options?: Zlib.ZlibOptions): Buffer;
	function unzip(buf: Zlib.InputType, options: Zlib.ZlibOptions, callback: Zlib.CompressCallback): void;
}
