import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { eventually } from '../../support/background.js';
import { childrenOf, figuresOf, type ProcessFigures } from '../../support/process-figures.js';
import { RawClient, TestServer } from '../../support/server.js';

const APP = 'export const app = (request, response) => response.end(String(process.pid));';
const CONFIG = `
	export const bind = '127.0.0.1:0';
	export function on_reload() { throw new Error('no reason to'); }
	export function child_exit() { return new Promise((resolve) => setTimeout(resolve, 200)); }`;

function start(kind: string): TestServer {
	const server = new TestServer(
		(folder) => [
			...['-c', join(folder, 'conf.mjs'), '-p', join(folder, 'app.pid'), '--log-level', 'debug', '-k', kind],
			...['--access-logfile', join(folder, 'access.log'), '--keep-alive', '60', join(folder, 'app.mjs')],
		],
		{ files: { 'app.mjs': APP, 'conf.mjs': CONFIG } },
	);
	return server;
}

/** Waits until a process holds no more than it did. */
async function holdsNoMore(pid: number, before: ProcessFigures, server: TestServer): Promise<void> {
	let now = before;
	const names = ['descriptors', 'threads', 'children'] as const;
	await eventually('nothing is held any longer', () => {
		now = figuresOf(pid);
		return names.every((name) => now[name] <= before[name]);
	}).catch(() => assert.deepEqual(now, before, server.log));
}

test('Whatever happens to it, the arbiter holds no more descriptors, threads and children afterwards', {
	skip: process.platform !== 'linux' && 'reads /proc',
}, async () => {
	await using server = start('async');
	await server.logged(/is ready/);
	// Once before anything is counted: what is loaded and opened at the first time stays.
	server.kill('SIGHUP');
	await server.logged(/Worker exiting/);
	await server.logged(/Hook on_reload .* failed/);
	const before = await eventually('one worker is left', () => {
		const figures = figuresOf(server.pid);
		return figures.children === 1 ? figures : undefined;
	});
	server.write('conf.mjs', 'export const wrokers = 1;');
	server.kill('SIGHUP');
	await server.logged(/Cannot reload, everything stays as it was/);
	server.write('conf.mjs', CONFIG);
	server.write('app.mjs', "throw new TypeError('no database');");
	server.kill('SIGHUP');
	await server.logged(/A worker failed to boot/);
	server.write('app.mjs', APP);
	for (const signal of ['SIGUSR1', 'SIGHUP', 'SIGUSR1', 'SIGTTIN'] as const) server.kill(signal);
	// Signals that are sent at once may be handled in another order.
	await server.logged(/Handling signal: ttin/);
	for (const signal of ['SIGTTOU', 'SIGURG'] as const) server.kill(signal);
	await server.logged(/Handling signal: urg/);
	const { index: adopted } = await server.logged(/Hook on_reload .* failed/, 3);
	const killed = await eventually('the worker of the last HUP is alone', () => {
		const [pid, ...others] = childrenOf(server.pid);
		return others.length === 0 && server.log.includes(`Worker (pid:${pid}) is ready`, adopted) ? pid : undefined;
	});
	process.kill(killed, 'SIGKILL');
	await server.logged(/was sent SIGKILL/);
	server.kill('SIGUSR2');
	const [, second] = await server.logged(/New master started \(pid:(\d+)\)/);
	await server.logged(new RegExp(`\\[${second}\\] \\[DEBUG\\] Worker \\(pid:\\d+\\) is ready`));
	process.kill(Number(second), 'SIGTERM');
	await server.logged(/New master \(pid:\d+\) exited with code 0/);
	await holdsNoMore(server.pid, before, server);
	assert.equal((await server.get('/')).status, 200);
});

test('A worker holds nothing of connections that have gone, however they went', {
	skip: process.platform !== 'linux' && 'reads /proc',
}, async () => {
	await using server = start('gevent');
	const { body: pid } = await server.get('/');
	const port = await server.port();
	// All threads that it may start are there, then.
	await Promise.all(Array.from({ length: 8 }, () => server.get('/')));
	const before = figuresOf(Number(pid));
	const clients = await Promise.all(Array.from({ length: 60 }, () => RawClient.connect(port)));
	for (const [index, client] of clients.entries()) {
		if (index % 3 === 0) client.send('/');
		if (index % 3 === 1) client.socket.write('GET / HTTP/1.1\r\nHost:');
		if (index % 6 === 0) await client.received(/\r\n\r\n\d+$/);
		if (index % 2 === 0) client.socket.resetAndDestroy();
		else client.socket.end();
	}
	await Promise.allSettled(clients.map((client) => client.end()));
	await holdsNoMore(Number(pid), { ...before, threads: Infinity }, server);
	assert.equal((await server.get('/')).body, pid);
});
