import { Buffer } from 'node:buffer';
import fs from 'node:fs';
import { join } from 'node:path';

/** Complete argument lists of one function, from the shortest to the longest, each without its callback. */
export type Shapes = readonly (readonly unknown[])[];

/** Makes the shapes of one function anew, so that no call sees what another left behind; `folder` is empty and its own. */
export type Sample = (folder: string) => Shapes;

const file = (folder: string, name = 'file'): string => {
	const path = join(folder, name);
	fs.writeFileSync(path, 'text');
	return path;
};
const descriptor = (folder: string): number => fs.openSync(file(folder), 'r+');
const fresh = (folder: string): string => join(folder, 'fresh');
const link = (folder: string): string => {
	const path = join(folder, 'link');
	fs.rmSync(path, { force: true });
	fs.symlinkSync(file(folder), path);
	return path;
};
const bytes = (): Buffer => Buffer.alloc(4);

const FS: Record<string, Sample> = {
	access: (d) => [[file(d)], [file(d), 4]],
	appendFile: (d) => [
		[file(d), 'x'],
		[file(d), 'x', 'utf8'],
	],
	chmod: (d) => [[file(d), 0o600]],
	chown: (d) => [[file(d), fs.statSync(d).uid, fs.statSync(d).gid]],
	close: (d) => [[descriptor(d)]],
	copyFile: (d) => [
		[file(d), fresh(d)],
		[file(d), fresh(d), 0],
	],
	cp: (d) => [
		[file(d), fresh(d)],
		[file(d), fresh(d), {}],
	],
	exists: (d) => [[file(d)]],
	fchmod: (d) => [[descriptor(d), 0o600]],
	fchown: (d) => [[descriptor(d), fs.statSync(d).uid, fs.statSync(d).gid]],
	fdatasync: (d) => [[descriptor(d)]],
	fstat: (d) => [[descriptor(d)], [descriptor(d), { bigint: true }]],
	fsync: (d) => [[descriptor(d)]],
	ftruncate: (d) => [[descriptor(d)], [descriptor(d), 1]],
	futimes: (d) => [[descriptor(d), 1, 1]],
	glob: (d) => [['*'], ['*', { cwd: d }]],
	lchown: (d) => [[link(d), fs.statSync(d).uid, fs.statSync(d).gid]],
	link: (d) => [[file(d), fresh(d)]],
	lstat: (d) => [[file(d)], [file(d), {}]],
	lutimes: (d) => [[file(d), 1, 1]],
	mkdir: (d) => [[fresh(d)], [fresh(d), { recursive: true }]],
	mkdtemp: (d) => [[join(d, 'a')], [join(d, 'b'), 'utf8']],
	open: (d) => [[file(d)], [file(d), 'r'], [file(d), 'r', 0o600]],
	opendir: (d) => [[d], [d, {}]],
	// `read(fd)` alone allocates a buffer that only the callback could hand out: no blocking form, so not a shape.
	read: (d) => [
		[descriptor(d), bytes()],
		[descriptor(d), bytes(), { position: 0 }],
		[descriptor(d), bytes(), 0, 1, 0],
	],
	readFile: (d) => [[file(d)], [file(d), 'utf8']],
	readdir: (d) => [[d], [d, 'utf8']],
	readlink: (d) => [[link(d)], [link(d), 'utf8']],
	readv: (d) => [
		[descriptor(d), [bytes()]],
		[descriptor(d), [bytes()], 0],
	],
	realpath: (d) => [[file(d)], [file(d), 'utf8']],
	'realpath.native': (d) => [[file(d)], [file(d), 'utf8']],
	rename: (d) => [[file(d), fresh(d)]],
	rm: (d) => [[file(d)], [file(d), { force: true }]],
	rmdir: (d) => [[emptyFolder(d)], [emptyFolder(d), {}]],
	stat: (d) => [[file(d)], [file(d), {}]],
	statfs: (d) => [[d], [d, {}]],
	symlink: (d) => [
		['target', fresh(d)],
		['target', fresh(d), 'file'],
	],
	truncate: (d) => [[file(d)], [file(d), 1]],
	unlink: (d) => [[file(d)]],
	utimes: (d) => [[file(d), 1, 1]],
	write: (d) => [
		[descriptor(d), bytes()],
		[descriptor(d), bytes(), 0],
		[descriptor(d), bytes(), 0, 1],
		[descriptor(d), bytes(), 0, 1, 0],
	],
	writeFile: (d) => [
		[file(d), 'x'],
		[file(d), 'x', 'utf8'],
	],
	writev: (d) => [
		[descriptor(d), [bytes()]],
		[descriptor(d), [bytes()], 0],
	],
};

const HOST = 'localhost';
const named: Sample = () => [[HOST]];
const withTtl: Sample = () => [[HOST], [HOST, { ttl: true }]];

const DNS: Record<string, Sample> = {
	lookup: () => [[HOST], [HOST, { family: 4 }]],
	lookupService: () => [['127.0.0.1', 80]],
	resolve: () => [[HOST], [HOST, 'A']],
	resolve4: withTtl,
	resolve6: withTtl,
	resolveAny: named,
	resolveCaa: named,
	resolveCname: named,
	resolveMx: named,
	resolveNaptr: named,
	resolveNs: named,
	resolvePtr: named,
	resolveSoa: named,
	resolveSrv: named,
	resolveTlsa: named,
	resolveTxt: named,
	reverse: () => [['127.0.0.1']],
};

const CRYPTO: Record<string, Sample> = {
	argon2: () => [['argon2id', { message: 'm', nonce: 'n'.repeat(8), parallelism: 1, tagLength: 4, memory: 8, passes: 1 }]],
	checkPrime: () => [[7n], [7n, {}]],
	generateKey: () => [['hmac', { length: 64 }]],
	generateKeyPair: () => [['ec', { namedCurve: 'P-256' }]],
	generatePrime: () => [[16], [16, {}]],
	hkdf: () => [['sha256', 'key', 'salt', 'info', 8]],
	pbkdf2: () => [['password', 'salt', 1, 8, 'sha256']],
	randomFill: () => [[bytes()], [bytes(), 0], [bytes(), 0, 1]],
	scrypt: () => [
		['password', 'salt', 8],
		['password', 'salt', 8, { N: 2 }],
	],
};

const compressed = Buffer.from('text');
const buffered: Sample = () => [[compressed], [compressed, {}]];
const ZLIB: Record<string, Sample> = Object.fromEntries(
	[
		...['deflate', 'deflateRaw', 'gzip', 'gunzip', 'inflate', 'inflateRaw', 'unzip'],
		...['brotliCompress', 'brotliDecompress', 'zstdCompress', 'zstdDecompress'],
	].map((name) => [name, buffered]),
);

/** What to call each candidate with. */
export const SAMPLES: Readonly<Record<string, Readonly<Record<string, Sample>>>> = { fs: FS, dns: DNS, crypto: CRYPTO, zlib: ZLIB };

/** Candidates that stay as they are on every version, with the reason: a probe would be pointless or unsafe. */
export const EXCLUDED: Readonly<Record<string, string>> = {
	'child_process.exec': 'legal without a callback: it returns the child',
	'child_process.execFile': 'legal without a callback: it returns the child',
	'child_process.spawn': 'takes no callback: it returns the child',
	'dns.getDefaultResultOrder': 'answers at once',
	'dns.getServers': 'answers at once',
	'dns.setDefaultResultOrder': 'answers at once',
	'dns.setServers': 'answers at once',
	'fs.lchmod': 'exists on macOS only',
	'fs.openAsBlob': 'takes no callback: it returns a promise',
	'fs.watch': 'legal without a listener: it returns the watcher',
	'readline.createInterface': 'takes no callback: it returns the interface',
	'stream.finished': 'a stream of a parked thread makes no progress: blocking on it could never end',
	'stream.pipeline': 'a stream of a parked thread makes no progress: blocking on it could never end',
	'timers.setImmediate': 'its callback is its task, not where its result goes',
	'timers.setInterval': 'its callback is its task, not where its result goes',
	'timers.setTimeout': 'its callback is its task, not where its result goes',
	'http2.connect': 'legal without a callback: it returns the session',
};

function emptyFolder(parent: string): string {
	const path = join(parent, 'empty');
	fs.mkdirSync(path, { recursive: true });
	return path;
}
