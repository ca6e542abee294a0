import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { configure, type Greenlet, sleep, spawn } from '../../src/index.js';
import { type Listener, listenSync, type Socket } from '../../src/io/net.js';
import { nap } from '../fixtures/engine-tasks.js';
import { acceptIt, leaveResult, passOn, passResult } from '../fixtures/net-tasks.js';
import { NetPeer } from '../support/net-peer.js';
import { thrown } from '../support/thrown.js';

configure({ allowMainCallbacks: true });
setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

let peer: NetPeer;

before(() => {
	peer = new NetPeer();
});

after(() => peer[Symbol.asyncDispose]());

/** A listener and the number of the connection that waits there; its caller takes what is sent to it until the end. */
async function called(): Promise<{ listener: Listener; connection: number }> {
	const listener = listenSync(0, '127.0.0.1');
	return { listener, connection: await peer.call({ port: listener.port as number, host: '127.0.0.1' }, [{ receiveAll: true }]) };
}

/** Has everything collected that nobody refers to, and the hub told of it, turn after turn until `done` settles. */
async function collectUntil<T>(done: Promise<T>): Promise<T> {
	let pending = true;
	const settled = done.finally(() => {
		pending = false;
	});
	while (pending) {
		collect();
		await nextTurn();
	}
	return settled;
}

/** Runs greenlets of which nothing is left but their results. */
function joinAndDrop(make: () => Greenlet<unknown>): void {
	make().join();
}

describe('a Socket that is the result of a greenlet', () => {
	test('closes when nobody can fetch it any more', async () => {
		const { listener, connection } = await called();
		joinAndDrop(() => spawn(acceptIt, listener));
		assert.deepEqual(await collectUntil(peer.transcript(connection)), { received: '', error: undefined });
		listener.close();
	});

	test('stays open for another greenlet that has it as its result too', async () => {
		const { listener, connection } = await called();
		const socket = listener.accept();
		const kept = spawn(passOn, socket);
		joinAndDrop(() => spawn(passOn, socket));
		kept.join();
		socket.release();
		let forgotten: (value: unknown) => void = () => undefined;
		const registry = new FinalizationRegistry((value) => forgotten(value));
		joinAndDrop(() => {
			const last = spawn(nap, 0);
			registry.register(last, undefined);
			return last;
		});
		await collectUntil(
			new Promise((resolve) => {
				forgotten = resolve;
			}),
		);
		await collectUntil(nextTurn());
		sleep(0);
		(kept.get() as unknown as Socket).end('kept');
		assert.deepEqual(await peer.transcript(connection), { received: 'kept', error: undefined });
		listener.close();
	});

	test('closes when the thread that could fetch it is lost', async () => {
		const { listener, connection } = await called();
		assert.equal(thrown(() => spawn(leaveResult, listener).get()).code, 'ERR_GREENLET_LOST');
		assert.deepEqual(await peer.transcript(connection), { received: '', error: undefined });
		listener.close();
	});

	test('stays open when a greenlet elsewhere could still fetch it', async () => {
		const { listener, connection } = await called();
		const gate = spawn(nap, Number.POSITIVE_INFINITY);
		assert.equal(thrown(() => spawn(passResult, listener, gate).get()).code, 'ERR_GREENLET_LOST');
		gate.kill();
		assert.deepEqual(await peer.transcript(connection), { received: 'fetched', error: undefined });
		listener.close();
	});
});
