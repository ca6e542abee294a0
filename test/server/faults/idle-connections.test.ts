import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { figuresOf, residentMb } from '../../support/process-figures.js';
import { projectPath } from '../../support/project.js';
import { TestServer } from '../../support/server.js';

const APP = `${projectPath('dist/test/fixtures/faulty-app.js')}:handler`;
const CONNECTIONS = 5_000;
/** What a worker needs beside its connections. */
const OTHER_DESCRIPTORS = 500;
/** What a connection may cost, in KB: Node's own sockets and parsers take most of it. */
const MOST_KB = 50;
const GREENLETS = 12;

function lacking(): string | false {
	if (process.platform !== 'linux') return 'reads /proc';
	const limit = execFileSync('sh', ['-c', 'ulimit -n'], { encoding: 'utf8' }).trim();
	return limit !== 'unlimited' && Number(limit) < CONNECTIONS + OTHER_DESCRIPTORS && `only ${limit} files may be open at once`;
}

test('Beside 5,000 idle connections others are served, memory is bounded, and TERM drains them without a reset', {
	skip: lacking(),
}, async () => {
	await using server = new TestServer([
		'-k',
		'gevent',
		'--worker-connections',
		String(GREENLETS),
		'--keep-alive',
		'300',
		'-b',
		'127.0.0.1:0',
		APP,
	]);
	const { body: pid } = await server.get('/pid');
	// So that all threads are there before anything is measured.
	const warm = Array.from({ length: GREENLETS }, () => server.get(server.pathUntil('/hold', 'go')));
	await server.logged(/begin \/hold/, GREENLETS);
	server.write('go');
	await Promise.all(warm);
	const before = residentMb(Number(pid));
	const clients = spawn(
		process.execPath,
		[projectPath('dist/test/fixtures/idle-clients.js'), String(await server.port()), String(CONNECTIONS)],
		{
			stdio: ['ignore', 'pipe', 'inherit'],
		},
	);
	const closed = once(clients, 'close');
	try {
		const lines = createInterface({ input: clients.stdout })[Symbol.asyncIterator]();
		assert.equal((await lines.next()).value, 'idle');
		const perConnectionKb = ((residentMb(Number(pid)) - before) * 1_024) / CONNECTIONS;
		assert.ok(perConnectionKb < MOST_KB, `${perConnectionKb} KB for each connection`);
		assert.ok(figuresOf(Number(pid)).descriptors >= CONNECTIONS);
		const began = performance.now();
		for (let asked = 0; asked < 10; asked++) assert.equal((await server.get('/pid')).body, pid);
		assert.ok(performance.now() - began < 20_000, `${performance.now() - began} ms for ten requests`);
		server.kill('SIGTERM');
		assert.deepEqual(JSON.parse((await lines.next()).value), { ended: CONNECTIONS });
		assert.equal(await server.exitStatus(), 0);
		assert.doesNotMatch(server.log, /ERROR|WARNING/);
	} finally {
		clients.kill('SIGKILL');
		await closed;
	}
});
