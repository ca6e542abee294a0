import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { describe, test } from 'node:test';
import { parseSyslogAddress, Syslog } from '../../../src/server/log/syslog.js';
import { eventually, Folder } from '../../support/log-child.js';
import { logSettings } from '../../support/log-settings.js';
import { noUnixDatagrams, StreamReceiver, UdpReceiver, UnixDatagramReceiver } from '../../support/receivers.js';

/** Syslog with the complaints it makes. */
class Sending implements AsyncDisposable {
	readonly complaints: string[] = [];
	readonly syslog: Syslog;

	constructor(syslog_addr: string, given: Parameters<typeof logSettings>[0] = {}) {
		this.syslog = new Syslog(logSettings({ syslog_addr, ...given }), (text) => this.complaints.push(text));
	}

	async [Symbol.asyncDispose](): Promise<void> {
		await this.syslog.close(200);
	}
}

test("The addresses are gunicorn's", () => {
	assert.deepEqual(parseSyslogAddress('unix:///dev/log'), { kind: 'dgram', path: '/dev/log' });
	assert.deepEqual(parseSyslogAddress('unix:///dev/log#dgram'), { kind: 'dgram', path: '/dev/log' });
	assert.deepEqual(parseSyslogAddress('unix:///run/log#stream'), { kind: 'stream', path: '/run/log' });
	assert.deepEqual(parseSyslogAddress('udp://localhost'), { kind: 'udp', host: 'localhost', port: 514 });
	assert.deepEqual(parseSyslogAddress('tcp://[::1]:5140'), { kind: 'tcp', host: '::1', port: 5140 });
	for (const bad of ['localhost', 'udp://a:b', 'tcp://a:99999', 'unix://']) assert.throws(() => parseSyslogAddress(bad), RangeError);
});

describe('Syslog', () => {
	test("gets one message a line over UDP, in gunicorn's form", async () => {
		await using receiver = await new UdpReceiver().open();
		await using sending = new Sending(`udp://127.0.0.1:${receiver.port}`, { proc_name: 'my:app', syslog_facility: 'local0' });
		sending.syslog.send('error', 'ERROR', 'one\n  at two\n');
		sending.syslog.send('access', 'INFO', 'three');
		await eventually('all arrive', () => receiver.received.length === 3);
		assert.deepEqual(receiver.received, [
			`<131>gunicorn.my.app.error: [${process.pid}] one`,
			`<131>gunicorn.my.app.error: [${process.pid}]   at two`,
			`<134>gunicorn.my.app.access: [${process.pid}] three`,
		]);
	});

	test('resolves a name', async () => {
		await using receiver = await new UdpReceiver().open();
		await using sending = new Sending(`udp://localhost:${receiver.port}`, { syslog_prefix: 'shop' });
		sending.syslog.send('error', 'CRITICAL', 'one');
		await eventually('it arrives', () => receiver.received.length === 1 || sending.complaints.length > 0);
		assert.deepEqual(receiver.received, [`<10>gunicorn.shop.error: [${process.pid}] one`]);
	});

	test('is connected anew over TCP, and gets what waited meanwhile', async () => {
		const first = await new StreamReceiver().open();
		const { port } = first;
		await using sending = new Sending(`tcp://127.0.0.1:${port}`);
		sending.syslog.send('error', 'INFO', 'one');
		await eventually('the first arrives', () => first.text !== '');
		assert.equal(first.text, `<14>gunicorn.gunicorn.error: [${process.pid}] one\n`);
		await first[Symbol.asyncDispose]();
		await eventually('the loss is told', () => sending.complaints.length === 1);
		assert.match(sending.complaints[0] ?? '', /^Cannot send to tcp:\/\/127\.0\.0\.1:\d+: .*; what cannot be sent is dropped$/);
		sending.syslog.send('error', 'INFO', 'two');
		await using second = await new StreamReceiver().open(port);
		await eventually('the second arrives', () => second.text !== '');
		assert.match(second.text, /^<14>\S+ \[\d+\] two\n$/);
		await eventually('that is told', () => sending.complaints.length === 2);
		assert.match(sending.complaints[1] ?? '', /works again$/);
	});

	test('that does not keep up misses messages, and never holds anything up', async () => {
		await using receiver = await new StreamReceiver().open();
		await using sending = new Sending(`tcp://127.0.0.1:${receiver.port}`);
		sending.syslog.send('error', 'INFO', 'one');
		await eventually('it is connected', () => receiver.text !== '');
		receiver.stall();
		const text = 'x'.repeat(10_000);
		for (let at = 0; at < 2_000; at++) sending.syslog.send('error', 'INFO', text);
		await eventually('the loss is told', () => sending.complaints.length === 1);
		assert.match(sending.complaints[0] ?? '', /does not keep up/);
		const began = performance.now();
		await sending.syslog.close(200);
		assert.ok(performance.now() - began < 10_000);
	});

	test('gets a line each over a Unix stream', async () => {
		using folder = new Folder();
		await using receiver = await new StreamReceiver().open(folder.file('log'));
		await using sending = new Sending(`unix://${folder.file('log')}#stream`);
		sending.syslog.send('error', 'WARNING', 'one\ntwo');
		await eventually('both arrive', () => receiver.text.endsWith('two\n'));
		assert.match(receiver.text, /^<12>\S+ \[\d+\] one\n<12>\S+ \[\d+\] two\n$/);
	});

	test('gets datagrams on a Unix socket, which may come and go', { skip: noUnixDatagrams() }, async () => {
		using folder = new Folder();
		const path = folder.file('log');
		await using sending = new Sending(`unix://${path}`);
		sending.syslog.send('error', 'INFO', 'lost');
		await eventually('the loss is told', () => sending.complaints.length === 1);
		assert.match(sending.complaints[0] ?? '', /^Cannot send to unix:\/\/.*: ENOENT/);
		for (const text of ['one', 'two']) {
			using receiver = new UnixDatagramReceiver(path);
			sending.syslog.send('error', 'INFO', text);
			await eventually('it arrives', () => receiver.received.length === 1);
			assert.deepEqual(receiver.received, [`<14>gunicorn.gunicorn.error: [${process.pid}] ${text}`]);
			rmSync(path);
		}
		await eventually('that is told', () => sending.complaints.length === 2);
		assert.match(sending.complaints[1] ?? '', /works again; messages dropped meanwhile: 1$/);
	});
});
