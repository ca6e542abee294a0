import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { openLogs } from '../../../src/server/log/open-logs.js';
import { openThreadLog } from '../../../src/server/log/thread-log.js';
import { eventually, Folder, LogChild } from '../../support/log-child.js';
import { logSettings } from '../../support/log-settings.js';

const asRoot = process.geteuid?.() === 0;

function openDescriptors(): number {
	return process.platform === 'linux' ? readdirSync('/proc/self/fd').length : 0;
}

describe('openLogs()', () => {
	for (const [what, given, message] of [
		[
			'a folder that is not there',
			{ accesslog: '/nowhere/access.log' },
			/^Cannot open the access log \/nowhere\/access.log \(accesslog\): ENOENT/,
		],
		['a folder for a file', { errorlog: '/' }, /^Cannot open the error log \/ \(errorlog\): EISDIR/],
		['a format that cannot be read', { accesslog: '-', access_log_format: '%h' }, /^Cannot use access_log_format: each % must/],
		['a syslog address that cannot be read', { syslog: true, syslog_addr: 'nowhere' }, /^Cannot use syslog_addr: unix:\/\/PATH/],
		['a statsd address that cannot be read', { statsd_host: 'a:b:c' }, /^Cannot use statsd_host: 'a:b:c' is not HOST:PORT$/],
	] as const) {
		test(`refuses ${what}, and leaves nothing open`, async () => {
			const before = openDescriptors();
			assert.throws(() => openLogs(logSettings(given)), {
				code: message.source.includes('open') ? 'ERR_HALT_SERVER' : 'ERR_CONFIG',
				message,
			});
			await eventually('everything is closed', () => openDescriptors() <= before);
		});
	}

	test('refuses a FIFO that nobody reads, instead of waiting for a reader', () => {
		using folder = new Folder();
		execFileSync('mkfifo', [folder.file('fifo')]);
		assert.throws(() => openLogs(logSettings({ accesslog: folder.file('fifo') })), { code: 'ERR_HALT_SERVER', message: /ENXIO/ });
	});

	test('wants to hear of requests only when somebody is told', async () => {
		using folder = new Folder();
		const accesslog = folder.file('access.log');
		for (const [given, expected] of [
			[{}, undefined],
			[{ access_log_json: true }, undefined],
			[{ accesslog }, false],
			[{ accesslog, access_log_json: true }, true],
			[{ accesslog, access_log_format: '%({x-request-id}i)s' }, true],
			[{ statsd_host: '127.0.0.1:9' }, false],
			[{ syslog: true, syslog_addr: 'udp://127.0.0.1:9', disable_redirect_access_to_syslog: true }, undefined],
			[{ syslog: true, syslog_addr: 'udp://127.0.0.1:9' }, false],
		] as const) {
			const logs = openLogs(logSettings(given));
			assert.equal(logs.access?.wantsRequestId, expected, JSON.stringify(given));
			await logs.close(100);
		}
	});

	test('closes everything it has opened', async () => {
		using folder = new Folder();
		const before = openDescriptors();
		const listeners = process.listenerCount('exit');
		const { ...logs } = openLogs(logSettings({ errorlog: folder.file('error.log'), accesslog: folder.file('access.log') }));
		logs.log.info('one');
		logs.reopen();
		logs.log.info('two');
		await logs.close(100);
		await eventually('everything is closed', () => openDescriptors() <= before);
		assert.match(readFileSync(folder.file('error.log'), 'utf8'), /one\n.*two\n$/);
		assert.equal(process.listenerCount('exit'), listeners);
	});

	test('gives the files of the arbiter to user and group', { skip: asRoot ? false : 'only root can give files away' }, async () => {
		using folder = new Folder();
		const [errorlog, accesslog] = [folder.file('error.log'), folder.file('access.log')];
		const settings = { errorlog, accesslog, user: '65534', group: '65534' };
		const owners = () => [errorlog, accesslog].map((path) => `${statSync(path).uid}:${statSync(path).gid}`);
		await using child = await LogChild.start(settings, { role: 'arbiter' });
		assert.deepEqual(owners(), ['65534:65534', '65534:65534']);
		for (const path of [errorlog, accesslog]) renameSync(path, `${path}.1`);
		await child.tell('reopen');
		assert.deepEqual(owners(), ['65534:65534', '65534:65534']);
	});
});

describe('capture_output', () => {
	test('writes what the main thread prints into the error log, also after it was opened anew', async () => {
		using folder = new Folder();
		const errorlog = folder.file('error.log');
		await using child = await LogChild.start({ errorlog, capture_output: true });
		await child.tell('print', 'before\n');
		assert.equal(typeof (await child.tell('outputFd')), 'number');
		renameSync(errorlog, `${errorlog}.1`);
		await child.tell('reopen');
		await child.tell('print', 'after\n');
		assert.equal(readFileSync(`${errorlog}.1`, 'utf8'), 'before\nbefore\n');
		assert.equal(readFileSync(errorlog, 'utf8'), 'after\nafter\n');
		await child.tell('close', '', 100);
		await child.tell('print', 'released\n');
		await eventually('it is printed again', () => child.errors === 'released\n');
	});
});

describe('openThreadLog()', () => {
	test('follows the file without keeping it open', () => {
		using folder = new Folder();
		const errorlog = folder.file('error.log');
		const log = openThreadLog({ errorlog, loglevel: 'warning', capture_output: false });
		log.info('nothing');
		log.error('one', new Error('why'));
		assert.match(readFileSync(errorlog, 'utf8'), /^\[.*\] \[\d+\] \[ERROR\] one\nError: why\n/);
		writeFileSync(errorlog, '');
		log.warning('two');
		assert.match(readFileSync(errorlog, 'utf8'), /^\[.*\] \[WARNING\] two\n$/);
	});
});
