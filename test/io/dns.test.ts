import assert from 'node:assert/strict';
import dns from 'node:dns';
import { after, before, describe, test } from 'node:test';
import { configure } from '../../src/index.js';
import {
	getDefaultResultOrder,
	getServers,
	lookupServiceSync,
	lookupSync,
	resolve4Sync,
	resolve6Sync,
	resolveAnySync,
	resolveCaaSync,
	resolveCnameSync,
	resolveMxSync,
	resolveNaptrSync,
	resolveNsSync,
	resolvePtrSync,
	resolveSoaSync,
	resolveSrvSync,
	resolveSync,
	resolveTlsaSync,
	resolveTxtSync,
	reverseSync,
	setDefaultResultOrder,
	setServers,
} from '../../src/io/dns.js';
import { Peer } from '../support/peer.js';
import { thrown } from '../support/thrown.js';

configure({ allowMainCallbacks: true });

type DnsError = NodeJS.ErrnoException & { hostname?: string };

describe('lookupSync()', () => {
	test('gives one address, or all of them', () => {
		assert.deepEqual(lookupSync('127.0.0.1'), { address: '127.0.0.1', family: 4 });
		assert.deepEqual(lookupSync('127.0.0.1', { all: true }), [{ address: '127.0.0.1', family: 4 }]);
		assert.deepEqual(lookupSync('localhost', 4), { address: '127.0.0.1', family: 4 });
		assert.deepEqual(lookupSync('localhost', { family: 4, hints: dns.ADDRCONFIG }), { address: '127.0.0.1', family: 4 });
	});

	test('gives what the promise form gives', async () => {
		const blocking = lookupSync('localhost', { all: true });
		assert.deepEqual(blocking, await dns.promises.lookup('localhost', { all: true }));
	});

	test('throws ENOTFOUND with its fields and the stack of the caller', () => {
		const error = thrown<DnsError>(function theCaller() {
			// No name server is asked for a name that cannot be one, so that none can be slow or away.
			lookupSync('no such name');
		});
		const { code, syscall, hostname } = error;
		assert.deepEqual({ code, syscall, hostname }, { code: 'ENOTFOUND', syscall: 'getaddrinfo', hostname: 'no such name' });
		assert.match(error.stack ?? '', /^Error: getaddrinfo ENOTFOUND.*\n(?:.*\n)?.*theCaller/);
	});

	test('refuses bad arguments with the codes of Node', () => {
		assert.equal(thrown(() => lookupSync(1 as unknown as string)).code, 'ERR_INVALID_ARG_TYPE');
		assert.equal(thrown(() => lookupSync('localhost', { family: 5 })).code, 'ERR_INVALID_ARG_VALUE');
		assert.equal(thrown(() => lookupServiceSync('localhost', 80)).code, 'ERR_INVALID_ARG_VALUE');
		assert.equal(thrown(() => lookupServiceSync('127.0.0.1', -1)).code, 'ERR_SOCKET_BAD_PORT');
	});
});

test('lookupServiceSync() gives what the promise form gives', async () => {
	const blocking = lookupServiceSync('127.0.0.1', 80);
	assert.deepEqual(blocking, await dns.promises.lookupService('127.0.0.1', 80));
});

test("the default order is the hub's, for all greenlets", () => {
	const order = getDefaultResultOrder();
	setDefaultResultOrder('ipv4first');
	assert.equal(getDefaultResultOrder(), 'ipv4first');
	setDefaultResultOrder(order);
	assert.equal(thrown(() => setDefaultResultOrder('x' as 'verbatim')).code, 'ERR_INVALID_ARG_VALUE');
});

describe('resolve*Sync()', () => {
	let server: Peer<number>;

	before(async () => {
		server = await Peer.start(new URL('../fixtures/name-server.js', import.meta.url));
		setServers([`127.0.0.1:${server.address}`]);
	});

	after(() => server.stop());

	test('ask the servers that were set', () => {
		assert.deepEqual(getServers(), [`127.0.0.1:${server.address}`]);
		assert.equal(thrown(() => setServers(['nowhere'])).code, 'ERR_INVALID_IP_ADDRESS');
		assert.deepEqual(getServers(), [`127.0.0.1:${server.address}`]);
	});

	test('give addresses, with their time to live on request', () => {
		assert.deepEqual(resolveSync('host.test').sort(), ['192.0.2.1', '192.0.2.2']);
		assert.deepEqual(resolve4Sync('host.test').sort(), ['192.0.2.1', '192.0.2.2']);
		assert.deepEqual(resolve6Sync('host.test'), ['2001:db8::1']);
		assert.deepEqual(resolve6Sync('host.test', { ttl: true }), [{ address: '2001:db8::1', ttl: 60 }]);
	});

	test('give what the promise forms give', async () => {
		const resolver = new dns.promises.Resolver();
		resolver.setServers(getServers());
		assert.deepEqual(resolveMxSync('host.test'), await resolver.resolveMx('host.test'));
		assert.deepEqual(resolveCaaSync('host.test'), await resolver.resolveCaa('host.test'));
		assert.deepEqual(resolveAnySync('any.test'), await resolver.resolveAny('any.test'));
	});

	test('give the records that the server has', () => {
		// Newer versions of Node add the type to each record.
		const fields = (records: readonly object[]) => records.map((record) => ({ ...record, type: undefined }));
		const type = undefined;
		assert.deepEqual(fields(resolveMxSync('host.test')), [{ exchange: 'mail.host.test', priority: 10, type }]);
		assert.deepEqual(fields(resolveCaaSync('host.test')), [{ critical: 0, issue: 'ca.test', type }]);
		assert.deepEqual(fields(resolveSrvSync('_sip._udp.host.test')), [{ name: 'sip.host.test', port: 5_060, priority: 1, weight: 2, type }]);
		assert.deepEqual(fields(resolveNaptrSync('host.test')), [
			{ flags: 'S', service: 'SIP+D2U', regexp: '', replacement: '_sip._udp.host.test', order: 1, preference: 2, type },
		]);
		assert.deepEqual(fields([resolveSoaSync('host.test')]), [
			{
				...{ nsname: 'ns.host.test', hostmaster: 'admin.host.test', type },
				...{ serial: 7, refresh: 3_600, retry: 600, expire: 86_400, minttl: 60 },
			},
		]);
		assert.deepEqual(resolveNsSync('host.test'), ['ns.host.test']);
		assert.deepEqual(resolveCnameSync('www.host.test'), ['host.test']);
		assert.deepEqual(resolveTxtSync('host.test'), [['v=1', 'two']]);
		assert.deepEqual(resolveSync('host.test', 'MX'), resolveMxSync('host.test'));
	});

	test('give every record of a name', () => {
		assert.deepEqual(
			resolveAnySync('any.test')
				.map(({ type }) => type)
				.sort(),
			['A', 'MX'],
		);
	});

	test('find the name of an address', () => {
		assert.deepEqual(reverseSync('192.0.2.1'), ['host.test']);
		assert.deepEqual(resolvePtrSync('1.2.0.192.in-addr.arpa'), ['host.test']);
		assert.equal(thrown(() => reverseSync('x')).code, 'EINVAL');
	});

	test('give TLSA records where Node can ask for them, and say so where it cannot', () => {
		if ('resolveTlsa' in dns) {
			const [record] = resolveTlsaSync('_443._tcp.host.test');
			assert.deepEqual([record?.certUsage, record?.selector, record?.match], [3, 1, 1]);
			assert.deepEqual([...new Uint8Array(record?.data ?? new ArrayBuffer(0))], [0xab, 0xcd]);
		} else assert.equal(thrown(() => resolveTlsaSync('_443._tcp.host.test')).code, 'ERR_METHOD_NOT_IMPLEMENTED');
	});

	test('throw ENOTFOUND, ENODATA and for bad arguments, as Node does', () => {
		const { code, syscall, hostname } = thrown<DnsError>(() => resolveMxSync('nobody.test'));
		assert.deepEqual({ code, syscall, hostname }, { code: 'ENOTFOUND', syscall: 'queryMx', hostname: 'nobody.test' });
		assert.equal(thrown(() => resolveSrvSync('host.test')).code, 'ENODATA');
		assert.equal(thrown(() => resolveSync('host.test', 'X')).code, 'ERR_INVALID_ARG_VALUE');
		assert.equal(thrown(() => resolveMxSync(1 as unknown as string)).code, 'ERR_INVALID_ARG_TYPE');
	});
});
