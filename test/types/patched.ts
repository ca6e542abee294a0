/// <reference path="../../patch/patched.d.ts" />
import crypto, { type KeyObject } from 'node:crypto';
import * as prefixed from 'node:dns';
import * as prefixedFs from 'node:fs';
import { promisify } from 'node:util';
import zlib from 'node:zlib';
import dns, { type LookupAddress, lookup, type MxRecord, type RecordWithTtl, resolve4 } from 'dns';
import fs, { type BigIntStats, type Dir, type Dirent, type NoParamCallback, readFile, type Stats } from 'fs';

/** True only for the very same type. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** `exactly<string>()(value)` compiles only if the value is of that very type. */
declare function exactly<Expected>(): <Actual>(value: Actual, ...wrong: Same<Actual, Expected> extends true ? [] : [never]) => void;

// Both specifiers; named, default and namespace imports.
exactly<LookupAddress>()(dns.lookup('localhost'));
exactly<LookupAddress>()(lookup('localhost', 4));
exactly<LookupAddress>()(prefixed.lookup('localhost', { family: 4 }));
exactly<LookupAddress[]>()(dns.lookup('localhost', { all: true }));
exactly<{ hostname: string; service: string }>()(dns.lookupService('127.0.0.1', 80));
exactly<string[]>()(resolve4('localhost'));
exactly<RecordWithTtl[]>()(prefixed.resolve4('localhost', { ttl: true }));
exactly<string[]>()(dns.resolve('localhost'));
exactly<MxRecord[]>()(dns.resolve('localhost', 'MX'));
exactly<string[][]>()(dns.resolveTxt('localhost'));
exactly<string[]>()(dns.reverse('127.0.0.1'));

exactly<Buffer>()(fs.readFile('file'));
exactly<Buffer>()(fs.readFile('file', { flag: 'r' }));
exactly<string>()(readFile('file', 'utf8'));
exactly<string>()(prefixedFs.readFile('file', { encoding: 'utf8' }));
exactly<void>()(fs.writeFile('file', 'text', 'utf8'));
exactly<boolean>()(fs.exists('file'));
exactly<Stats>()(fs.stat('file'));
exactly<BigIntStats>()(fs.stat('file', { bigint: true }));
exactly<Stats | undefined>()(fs.lstat('file', { throwIfNoEntry: false }));
exactly<string[]>()(fs.readdir('folder'));
exactly<Dirent[]>()(fs.readdir('folder', { withFileTypes: true }));
exactly<Buffer[]>()(fs.readdir('folder', 'buffer'));
exactly<Dir>()(fs.opendir('folder'));
exactly<number>()(fs.open('file', 'r'));
exactly<number>()(fs.read(0, Buffer.alloc(1)));
exactly<number>()(fs.read(0, Buffer.alloc(1), 0, 1, 0));
exactly<number>()(fs.write(1, 'text'));
exactly<number>()(fs.writev(1, [Buffer.alloc(1)]));
exactly<string>()(fs.realpath('file'));
exactly<string>()(fs.realpath.native('file'));
exactly<Buffer>()(fs.readlink('file', 'buffer'));
exactly<string>()(fs.mkdtemp('prefix'));
exactly<void>()(fs.mkdir('folder'));
exactly<string | undefined>()(fs.mkdir('folder', { recursive: true }));

exactly<Buffer>()(crypto.pbkdf2('password', 'salt', 1, 8, 'sha256'));
exactly<Buffer>()(crypto.scrypt('password', 'salt', 8));
exactly<Uint8Array<ArrayBuffer>>()(crypto.randomFill(new Uint8Array(4)));
exactly<bigint>()(crypto.generatePrime(16, { bigint: true }));
exactly<boolean>()(crypto.checkPrime(7n));
exactly<KeyObject>()(crypto.generateKey('hmac', { length: 64 }));
exactly<KeyObject>()(crypto.generateKeyPair('ec', { namedCurve: 'P-256' }).publicKey);
const pem = { type: 'spki', format: 'pem' } as const;
exactly<string>()(crypto.generateKeyPair('ec', { namedCurve: 'P-256', publicKeyEncoding: pem }).publicKey);
exactly<Buffer>()(zlib.gzip('text'));
exactly<Buffer>()(zlib.brotliCompress('text', {}));

// With a callback everything is as it was, and the parameters of the callback are known.
exactly<void>()(dns.lookup('localhost', (_error, address, family) => exactly<{ address: string; family: number }>()({ address, family })));
exactly<void>()(dns.lookup('localhost', { all: true }, (_error, addresses) => exactly<LookupAddress[]>()(addresses)));
exactly<void>()(fs.readFile('file', (_error, data) => exactly<string>()(data.toString())));
exactly<void>()(fs.readFile('file', 'utf8', (_error, text) => exactly<string>()(text)));
exactly<void>()(fs.stat('file', (_error, stats) => exactly<Stats>()(stats)));
exactly<void>()(fs.mkdir('folder', (error) => exactly<NodeJS.ErrnoException | null>()(error)));
exactly<void>()(fs.readdir('folder', (_error, files) => exactly<string[]>()(files)));
exactly<void>()(zlib.gzip('text', (_error, zipped) => exactly<boolean>()(Buffer.isBuffer(zipped))));
exactly<void>()(crypto.scrypt('password', 'salt', 8, (_error, key) => exactly<boolean>()(Buffer.isBuffer(key))));
exactly<Promise<LookupAddress>>()(promisify(dns.lookup)('localhost'));
exactly<Promise<string>>()(promisify(fs.readFile)('file', 'utf8'));
exactly<Promise<boolean>>()(promisify(fs.exists)('file'));

// The last overload, which `Parameters` looks at, is one of the originals.
exactly<NoParamCallback>()(null as unknown as Parameters<typeof fs.access>[1]);
exactly<NoParamCallback>()(null as unknown as Parameters<typeof prefixedFs.unlink>[1]);
exactly<string>()(null as unknown as Parameters<Parameters<typeof dns.lookup>[1]>[1]);

// Mistakes stay mistakes.
// @ts-expect-error an added name is not typed on the core module
dns.lookupSync;
// @ts-expect-error so is one of fs that is legal without a callback
exactly<string>()(fs.close(0));
// @ts-expect-error null stands where the callback was meant to be
fs.readFile('file', null);
// @ts-expect-error a path is needed
fs.readFile();
// @ts-expect-error these data have no type
fs.writeFile('file', 1);
