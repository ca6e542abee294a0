import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { takeInheritedSockets, unixPathOf } from '../../../src/server/arbiter/inherited-sockets.js';
import {
	createListeners,
	type Listener,
	type ListenOptions,
	type ListenSettings,
	layOut,
	rebind,
} from '../../../src/server/arbiter/listeners.js';
import { knowsReusePort } from '../../../src/server/arbiter/server-handle.js';
import { quietPort } from '../../support/quiet-port.js';
import { RecordedLog } from '../../support/recorded-log.js';

const folder = mkdtempSync(join(tmpdir(), 'tsgunicorn-'));
after(() => rmSync(folder, { recursive: true }));

const asRoot = { skip: process.getuid?.() !== 0 && 'only root gives files away' };
const withReusePort = { skip: !knowsReusePort() && 'this Node has no reusePort' };

/** Listeners, and what was logged; closed at the end of the test. */
class Bound implements Disposable {
	readonly log = new RecordedLog();
	listeners: Listener[] = [];

	static async to(bind: readonly string[], settings: Partial<ListenSettings> = {}, options: ListenOptions = {}): Promise<Bound> {
		const bound = new Bound();
		bound.listeners = await createListeners({ bind, backlog: 16, ...settings }, bound.log, { retryMs: 10, ...options });
		return bound;
	}

	get addresses(): string[] {
		return this.listeners.map(({ address }) => address);
	}

	[Symbol.dispose](): void {
		for (const listener of this.listeners) listener.close();
	}
}

function connects(where: net.NetConnectOpts): Promise<boolean> {
	return new Promise((resolve) => {
		const socket = net.connect(where, () => {
			socket.destroy();
			resolve(true);
		});
		socket.once('error', () => resolve(false));
	});
}

function portOf(address: string | undefined): number {
	return Number(/:(\d+)$/.exec(address ?? '')?.[1]);
}

async function takenPort(): Promise<net.Server> {
	const server = net.createServer();
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	return server;
}

describe('createListeners()', () => {
	test('listens at every address, also before anybody accepts', async () => {
		using bound = await Bound.to(['127.0.0.1:0', 'tcp://localhost:0', `unix:${folder}/every.sock`]);
		const [first, second, third] = bound.addresses;
		assert.match(first ?? '', /^http:\/\/127\.0\.0\.1:\d+$/);
		assert.match(second ?? '', /^http:\/\/localhost:\d+$/);
		assert.equal(third, `unix:${folder}/every.sock`);
		assert.equal(await connects({ host: '127.0.0.1', port: portOf(first) }), true);
		assert.equal(await connects({ host: '127.0.0.1', port: portOf(second) }), true);
		assert.equal(await connects({ path: `${folder}/every.sock` }), true);
	});

	test('listens at an IPv6 address', async (context) => {
		const probe = net.createServer();
		const has = await new Promise<boolean>((resolve) => {
			probe.once('error', () => resolve(false)).listen(0, '::1', () => probe.close(() => resolve(true)));
		});
		if (!has) return context.skip('this machine has no IPv6');
		using bound = await Bound.to(['[::1]:0']);
		assert.match(bound.addresses[0] ?? '', /^http:\/\/\[::1\]:\d+$/);
		assert.equal(await connects({ host: '::1', port: portOf(bound.addresses[0]) }), true);
	});

	test('gets a port that becomes free while it tries', async () => {
		const server = await takenPort();
		const { port } = server.address() as net.AddressInfo;
		const log = new RecordedLog();
		const info = log.info.bind(log);
		log.info = (text) => {
			info(text);
			server.close();
		};
		using bound = new Bound();
		bound.listeners = await createListeners({ bind: [`127.0.0.1:${port}`], backlog: 16 }, log, { retryMs: 10 });
		assert.deepEqual(log.lines, [`ERROR Connection in use: http://127.0.0.1:${port}`, 'INFO Retrying in 1 second.']);
		assert.equal(await connects({ host: '127.0.0.1', port }), true);
	});

	test('refuses the same port twice, though both can be bound, and keeps nothing', async () => {
		const port = await quietPort();
		const log = new RecordedLog();
		const bind = [`127.0.0.1:${port}`, `127.0.0.1:${port}`];
		await assert.rejects(createListeners({ bind, backlog: 16 }, log, { retryMs: 10 }), {
			code: 'ERR_HALT_SERVER',
			exitStatus: 1,
			message: `Can't connect to http://127.0.0.1:${port}`,
		});
		assert.equal(log.count(/Connection in use/), 5);
		assert.equal(await connects({ host: '127.0.0.1', port }), false);
	});

	test('refuses an address that is not ours, and a name that does not exist', async () => {
		const log = new RecordedLog();
		const settings = { backlog: 16, bind: ['192.0.2.1:0', 'nowhere.invalid:0'] };
		await assert.rejects(createListeners(settings, log, { retryMs: 10 }), { exitStatus: 1 });
		assert.equal(log.count(/ERROR Invalid address: http:\/\/192\.0\.2\.1:0/), 5);
		assert.equal(log.count(/ERROR Cannot listen at http:\/\/nowhere\.invalid:0: .*nowhere\.invalid/), 5);
	});

	test('refuses a descriptor that is no socket', async () => {
		await assert.rejects(Bound.to(['fd://999']), { exitStatus: 1, message: /Cannot listen at fd:\/\/999: no socket was inherited/ });
	});

	test('replaces a stale socket file, and refuses a live one and another file', async () => {
		const path = join(folder, 'stale.sock');
		{
			using _left = await Bound.to([`unix:${path}`], {}, { mayUnlink: () => false });
		}
		assert.equal(statSync(path).isSocket(), true);
		using _bound = await Bound.to([`unix:${path}`]);
		await assert.rejects(Bound.to([`unix:${path}`]), { message: `Can't connect to unix:${path}` });
		const file = join(folder, 'file');
		writeFileSync(file, 'precious');
		await assert.rejects(Bound.to([`unix:${file}`]), { exitStatus: 1, message: /a file that is not a socket is in the way/ });
		assert.equal(statSync(file).size, 8);
	});

	test('makes the socket file by the umask, for any user by default', async () => {
		const before = process.umask();
		using _open = await Bound.to([`unix:${folder}/open.sock`]);
		using _closed = await Bound.to([`unix:${folder}/closed.sock`], { umask: 0o077 });
		assert.equal(statSync(`${folder}/open.sock`).mode & 0o777, 0o777);
		assert.equal(statSync(`${folder}/closed.sock`).mode & 0o777, 0o700);
		assert.equal(process.umask(), before);
	});

	test("gives the socket file to the workers' user and group", asRoot, async () => {
		using _bound = await Bound.to([`unix:${folder}/given.sock`], { user: 'nobody', group: '4242' });
		const { uid, gid } = statSync(`${folder}/given.sock`);
		assert.notEqual(uid, 0);
		assert.equal(gid, 4242);
	});

	test('with reuse_port keeps a port for workers that bind it by themselves', withReusePort, async () => {
		using bound = await Bound.to(['127.0.0.1:0', `unix:${folder}/beside.sock`], { reuse_port: true });
		const port = portOf(bound.addresses[0]);
		assert.deepEqual(bound.listeners[0]?.own, { host: '127.0.0.1', port });
		assert.equal(bound.listeners[1]?.own, undefined);
		assert.equal(await connects({ host: '127.0.0.1', port }), false);
		const worker = net.createServer();
		await new Promise<void>((resolve) => worker.listen({ host: '127.0.0.1', port, reusePort: true } as net.ListenOptions, resolve));
		assert.equal(await connects({ host: '127.0.0.1', port }), true);
		await assert.rejects(Bound.to([`127.0.0.1:${port}`]), { message: /Can't connect/ });
		await new Promise((resolve) => worker.close(resolve));
		const taken = await takenPort();
		const bind = [`127.0.0.1:${(taken.address() as net.AddressInfo).port}`];
		await assert.rejects(Bound.to(bind, { reuse_port: true }), { message: /Can't connect/ });
		taken.close();
	});

	test('refuses reuse_port where this Node has it not', async (context) => {
		if (knowsReusePort()) return context.skip('this Node has it');
		await assert.rejects(Bound.to(['127.0.0.1:0'], { reuse_port: true }), {
			exitStatus: 1,
			message: `Cannot use reuse_port: Node 22.12 or 23.1 is needed, this is ${process.versions.node}`,
		});
	});

	test('takes inherited sockets instead of the addresses', async () => {
		using first = await Bound.to(['127.0.0.1:0', `unix:${folder}/inherited.sock`]);
		const inherited = first.listeners.map(({ handle, bind }, index) => ({ fd: handle.fd, bind: index === 0 ? bind : undefined }));
		const second = await Bound.to(['127.0.0.1:1'], {}, { inherited });
		assert.deepEqual(second.addresses, first.addresses);
		assert.equal(second.listeners[0]?.bind, '127.0.0.1:0');
		assert.equal(second.listeners[1]?.bind, undefined);
	});
});

describe('Listener.close()', () => {
	test('frees the port, and removes the path once', async () => {
		const bound = await Bound.to([`127.0.0.1:${await quietPort()}`, `unix:${folder}/closing.sock`]);
		for (const listener of bound.listeners) listener.close();
		assert.equal(await connects({ host: '127.0.0.1', port: portOf(bound.addresses[0]) }), false);
		using next = await Bound.to([`unix:${folder}/closing.sock`]);
		for (const listener of bound.listeners) listener.close();
		assert.deepEqual(next.addresses, [`unix:${folder}/closing.sock`]);
		assert.equal(await connects({ path: `${folder}/closing.sock` }), true);
	});

	test('leaves the path while another master serves it', async () => {
		const path = `${folder}/shared.sock`;
		let shared = true;
		const bound = await Bound.to([`unix:${path}`, `unix:${path}.2`], {}, { mayUnlink: () => !shared });
		bound.listeners[0]?.close();
		shared = false;
		bound.listeners[1]?.close();
		assert.equal(statSync(path).isSocket(), true);
		assert.equal(statSync(`${path}.2`, { throwIfNoEntry: false }), undefined);
	});
});

describe('rebind()', () => {
	test('keeps what stays, adds what is new, and closes what goes', async () => {
		using bound = await Bound.to(['127.0.0.1:0', `unix:${folder}/goes.sock`]);
		const [stays] = bound.listeners;
		using next = new Bound();
		next.listeners = await rebind(bound.listeners, { bind: [`unix:${folder}/comes.sock`, '127.0.0.1:0'], backlog: 16 }, next.log);
		assert.equal(next.listeners.length, 2);
		assert.equal(next.listeners[1], stays);
		assert.equal(await connects({ path: `${folder}/comes.sock` }), true);
		assert.equal(await connects({ path: `${folder}/goes.sock` }), false);
	});

	test('changes nothing when a new address cannot be had', async () => {
		using bound = await Bound.to(['127.0.0.1:0']);
		const settings = { bind: [`unix:${folder}`], backlog: 16 };
		await assert.rejects(rebind(bound.listeners, settings, bound.log), { exitStatus: 1 });
		assert.equal(await connects({ host: '127.0.0.1', port: portOf(bound.addresses[0]) }), true);
	});

	test('leaves the sockets of the service manager alone', async () => {
		using first = await Bound.to(['127.0.0.1:0']);
		const inherited = first.listeners.map(({ handle }) => ({ fd: handle.fd, bind: undefined }));
		const given = await Bound.to([], {}, { inherited });
		assert.deepEqual(await rebind(given.listeners, { bind: ['127.0.0.1:0'], backlog: 16 }, given.log), given.listeners);
	});
});

test('layOut() gives a worker descriptor 0 and those from 5 on, and none for what it binds by itself', () => {
	const listener = (address: string, fd: number, own?: { host: string; port: number }): Listener => ({
		address,
		bind: address,
		handle: { fd, listen: () => 0, close: () => undefined },
		close: () => undefined,
		...(own && { own }),
	});
	const own = { host: '127.0.0.1', port: 80 };
	const listeners = [listener('a', 20, own), listener('b', 21), listener('c', 22), listener('d', 23)];
	assert.deepEqual(layOut(listeners), {
		specs: [
			{ fd: -1, address: 'a', own },
			{ fd: 0, address: 'b' },
			{ fd: 5, address: 'c' },
			{ fd: 6, address: 'd' },
		],
		first: listeners[1]?.handle,
		further: [22, 23],
	});
});

describe('takeInheritedSockets()', () => {
	test('takes what systemd passes to this very process', () => {
		const env = { LISTEN_PID: '7', LISTEN_FDS: '2', LISTEN_FDNAMES: 'a:b', KEPT: '1' };
		assert.deepEqual(takeInheritedSockets({ ...env }, 8), undefined);
		assert.deepEqual(takeInheritedSockets(env, 7), [
			{ fd: 3, bind: undefined },
			{ fd: 4, bind: undefined },
		]);
		assert.deepEqual(env, { KEPT: '1' });
	});

	test('takes what the master before hands on', () => {
		const env = { GUNICORN_FD: '3,4,5', TSGUNICORN_BINDS: '["127.0.0.1:0",null]', GUNICORN_PID: '7' };
		assert.deepEqual(takeInheritedSockets(env, 8), [
			{ fd: 3, bind: '127.0.0.1:0' },
			{ fd: 4, bind: undefined },
			{ fd: 5, bind: undefined },
		]);
		assert.deepEqual(env, { GUNICORN_PID: '7' });
	});
});

test('unixPathOf() knows the path of a socket', { skip: process.platform !== 'linux' && 'reads /proc' }, async () => {
	using bound = await Bound.to([`unix:${folder}/a path.sock`]);
	assert.equal(unixPathOf(bound.listeners[0]?.handle.fd ?? -1), `${folder}/a path.sock`);
	assert.equal(unixPathOf(999_999), undefined);
});
