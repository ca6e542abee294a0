import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import { test } from 'node:test';
import { listenBacklog, sumBacklog } from '../../../src/server/log/listen-backlog.js';

const LISTEN = "const s = require('node:net').createServer().listen(0, '127.0.0.1', () => process.send(s.address().port));";

test('The backlog is what waits for a server that has stopped', {
	skip: process.platform === 'linux' ? false : 'Linux alone shows it',
}, async () => {
	const child = spawn(process.execPath, ['-e', LISTEN], { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
	const [port] = (await once(child, 'message')) as [number];
	child.kill('SIGSTOP');
	const clients = Array.from({ length: 3 }, () => net.connect(port, '127.0.0.1'));
	try {
		await Promise.all(clients.map((client) => once(client, 'connect')));
		assert.equal(listenBacklog([port]), 3);
		assert.equal(listenBacklog([]), undefined);
	} finally {
		for (const client of clients) client.destroy();
		child.kill('SIGKILL');
		await once(child, 'exit');
	}
});

test('The backlog counts listening sockets of the given ports alone', () => {
	const table = [
		'  sl  local_address rem_address   st tx_queue rx_queue tr tm->when',
		'   0: 0100007F:1F90 00000000:0000 0A 00000000:00000007 00:00000000',
		'   1: 0100007F:1F90 0100007F:D431 01 00000000:00000100 00:00000000',
		'   2: 0100007F:1F91 00000000:0000 0A 00000000:00000009 00:00000000',
		'   3: 00000000000000000000000001000000:1F90 00000000000000000000000000000000:0000 0A 00000000:0000001F 00:00000000',
	].join('\n');
	assert.equal(sumBacklog(table, [8080]), 7 + 31);
	assert.equal(sumBacklog('', [8080]), 0);
});
