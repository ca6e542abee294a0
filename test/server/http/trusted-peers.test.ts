import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { TrustedPeers } from '../../../src/server/http/trusted-peers.js';

function peer(remoteAddress: string | undefined, destroyed = false): Socket {
	return { remoteAddress, destroyed } as Socket;
}

test('Addresses and networks of both families are trusted, and nobody else', () => {
	const peers = new TrustedPeers(['127.0.0.1', '10.0.0.0/8', '::1', 'fd00::/8']);
	for (const address of ['127.0.0.1', '10.1.2.3', '::1', 'fd12::1', '::ffff:10.1.2.3'])
		assert.equal(peers.includes(peer(address)), true, address);
	for (const address of ['127.0.0.2', '11.0.0.1', '::2', 'fe80::1', '::ffff:11.0.0.1'])
		assert.equal(peers.includes(peer(address)), false, address);
});

test('The star trusts everybody', () => {
	assert.equal(new TrustedPeers(['*']).includes(peer('192.0.2.1')), true);
});

test('A peer without an address is on a Unix socket, unless its connection has gone', () => {
	assert.equal(new TrustedPeers([]).includes(peer(undefined)), true);
	assert.equal(new TrustedPeers([]).includes(peer(undefined, true)), false);
});
