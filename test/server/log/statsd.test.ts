import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { describe, test } from 'node:test';
import { openLogs } from '../../../src/server/log/open-logs.js';
import { eventually, Folder } from '../../support/log-child.js';
import { logSettings } from '../../support/log-settings.js';
import { noUnixDatagrams, UdpReceiver, UnixDatagramReceiver } from '../../support/receivers.js';

const ACCESS = {
	request: {} as IncomingMessage,
	status: 200,
	head: () => '',
	bytes: 1,
	startedAt: 0,
	durationMs: 12.34567,
	requestId: '',
};

function lines(packets: readonly string[]): string[] {
	return packets.flatMap((packet) => packet.split('\n'));
}

describe('Statsd', () => {
	test("gets gunicorn's metrics, several in a datagram", async () => {
		await using receiver = await new UdpReceiver().open();
		const logs = openLogs(logSettings({ errorlog: null, statsd_host: `127.0.0.1:${receiver.port}` }));
		logs.access?.record(ACCESS);
		logs.access?.record({ ...ACCESS, status: 404, durationMs: 1 });
		logs.gauge('gunicorn.workers', 4);
		logs.histogram('gunicorn.backlog', 2);
		logs.log.warning('w');
		logs.log.error('e');
		logs.log.error('e', new Error('x'));
		logs.log.critical('c');
		logs.log.info('i');
		await eventually('they arrive', () => receiver.received.length === 1);
		assert.deepEqual(lines(receiver.received).sort(), [
			'gunicorn.backlog:2|ms',
			'gunicorn.log.critical:1|c|@1.0',
			'gunicorn.log.error:1|c|@1.0',
			'gunicorn.log.exception:1|c|@1.0',
			'gunicorn.log.warning:1|c|@1.0',
			'gunicorn.request.duration:12.346|ms',
			'gunicorn.request.duration:1|ms',
			'gunicorn.request.status.200:1|c|@1.0',
			'gunicorn.request.status.404:1|c|@1.0',
			'gunicorn.requests:2|c|@1.0',
			'gunicorn.workers:4|g',
		]);
		await logs.close(100);
	});

	test('gets prefix and tags with every metric, and no datagram longer than a frame', async () => {
		await using receiver = await new UdpReceiver().open();
		const statsd_host = `localhost:${receiver.port}`;
		const logs = openLogs(logSettings({ errorlog: null, statsd_host, statsd_prefix: 'shop..', dogstatsd_tags: 'region:eu,host:a' }));
		for (let at = 0; at < 100; at++) logs.access?.record(ACCESS);
		await eventually('all arrive', () => lines(receiver.received).filter((line) => line.includes('duration')).length === 100);
		for (const line of lines(receiver.received)) assert.match(line, /^shop\.gunicorn\.\S+\|#region:eu,host:a$/);
		for (const packet of receiver.received) assert.ok(packet.length <= 1_432);
		assert.ok(receiver.received.length < 20);
		await logs.close(100);
	});

	test('gets datagrams on a Unix socket', { skip: noUnixDatagrams() }, async () => {
		using folder = new Folder();
		using receiver = new UnixDatagramReceiver(folder.file('statsd'));
		const logs = openLogs(logSettings({ errorlog: null, statsd_host: `unix://${folder.file('statsd')}` }));
		logs.gauge('gunicorn.workers', 1);
		await eventually('it arrives', () => receiver.received.length === 1);
		assert.deepEqual(receiver.received, ['gunicorn.workers:1|g']);
		await logs.close(100);
	});
});
