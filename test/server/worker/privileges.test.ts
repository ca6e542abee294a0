import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { checkAccount, resolveAccount } from '../../../src/server/worker/account.js';
import { textIfThere } from '../../support/files.js';
import { projectPath } from '../../support/project.js';
import { PLAIN, PLAIN_APP, TestServer } from '../../support/server.js';

const ANY_PORT = ['-b', '127.0.0.1:0'];

/** One who has a user and a group on every Linux, and whose numbers are known. */
const USER = 'daemon';

const asRoot = {
	skip: (process.getuid?.() !== 0 || process.platform !== 'linux') && 'only root becomes somebody else, and /proc shows it',
};

const folder = mkdtempSync(join(tmpdir(), 'tsgunicorn-'));
after(() => rmSync(folder, { recursive: true }));

function idOf(flag: string, user: string): number {
	return Number(execFileSync('id', [flag, user], { encoding: 'utf8' }));
}

/** Who the threads of a process are: `real effective saved filesystem` ids of each, and the supplementary groups. */
function identities(pid: number): Set<string> {
	return new Set(
		readdirSync(`/proc/${pid}/task`).flatMap((thread) => {
			const status = textIfThere(`/proc/${pid}/task/${thread}/status`);
			if (status === '') return [];
			const [uid, gid, groups] = ['Uid', 'Gid', 'Groups'].map((name) => new RegExp(`^${name}:\\s*(.*?)\\s*$`, 'm').exec(status)?.[1]);
			return [`uid ${uid} gid ${gid} groups ${groups}`];
		}),
	);
}

function identity(uid: number, gid: number, groups: readonly number[]): string {
	return `uid ${Array(4).fill(uid).join('\t')} gid ${Array(4).fill(gid).join('\t')} groups ${groups.join(' ')}`;
}

describe('resolveAccount()', () => {
	test('knows names and numbers, and leaves out what is not given', () => {
		assert.deepEqual(resolveAccount({ user: 'root', group: 'root' }), { uid: 0, gid: 0 });
		assert.deepEqual(resolveAccount({ user: '4242', group: 4243 }), { uid: 4242, gid: 4243 });
		assert.deepEqual(resolveAccount({ user: null }), { uid: undefined, gid: undefined });
	});

	test('refuses a user and a group that do not exist', () => {
		assert.throws(() => resolveAccount({ user: 'no-such-user' }), { exitStatus: 1, message: /user 'no-such-user': there is no such user/ });
		assert.throws(() => resolveAccount({ group: 'no-such-group' }), { exitStatus: 1, message: /there is no such group/ });
	});
});

test('checkAccount() lets root become anybody', asRoot, () => {
	checkAccount({ user: USER, group: '4242' });
});

test('Workers with all their threads become the user and the group, and keep none of the groups of root', asRoot, async () => {
	const [uid, gid] = [idOf('-u', USER), idOf('-g', USER)];
	await using server = new TestServer(['-u', USER, '-g', USER, '-k', 'gevent', '--worker-connections', '2', ...ANY_PORT, PLAIN_APP]);
	const { body: pid } = await server.get('/pid');
	assert.ok(readdirSync(`/proc/${pid}/task`).length > 2);
	assert.deepEqual(identities(Number(pid)), new Set([identity(uid, gid, [gid])]));
	assert.deepEqual(
		new Set([...identities(server.pid)].map((text) => text.split(' gid')[0])),
		new Set([identity(0, 0, []).split(' gid')[0]]),
	);
});

test('initgroups gives workers the groups of their user', asRoot, async () => {
	const groups = execFileSync('id', ['-G', USER], { encoding: 'utf8' }).trim().split(' ').map(Number);
	await using server = new TestServer(['-u', USER, '-g', '4242', '--initgroups', ...ANY_PORT, ...PLAIN, PLAIN_APP]);
	const { body: pid } = await server.get('/pid');
	const expected = [...new Set([...groups.filter((group) => group !== idOf('-g', USER)), 4242])].sort((one, other) => one - other);
	assert.deepEqual(identities(Number(pid)), new Set([identity(idOf('-u', USER), 4242, expected)]));
});

test('A user by number needs no name, with initgroups neither', asRoot, async () => {
	await using server = new TestServer(['-u', '54321', '-g', '54322', '--initgroups', ...ANY_PORT, ...PLAIN, PLAIN_APP]);
	const { body: pid } = await server.get('/pid');
	assert.deepEqual(identities(Number(pid)), new Set([identity(54_321, 54_322, [54_322])]));
});

test('The app is loaded as the user, and umask is that of the sockets alone', asRoot, async () => {
	chmodSync(folder, 0o777);
	const app = join(folder, 'app.mjs');
	writeFileSync(
		app,
		`import { writeFileSync } from 'node:fs';
		writeFileSync(new URL('./written', import.meta.url), '');
		export const app = (req, res) => res.end('served');`,
	);
	await using server = new TestServer(['-u', USER, '-m', '077', ...ANY_PORT, '-b', `unix:${folder}/app.sock`, ...PLAIN, app]);
	assert.equal((await server.get('/')).body, 'served');
	assert.equal(statSync(join(folder, 'written')).uid, idOf('-u', USER));
	assert.equal(statSync(join(folder, 'app.sock')).mode & 0o777, 0o700);
	assert.equal(statSync(join(folder, 'app.sock')).uid, idOf('-u', USER));
});

test('A config file that only root may read does, unless it has hooks that run in the worker', asRoot, async () => {
	const config = join(folder, 'secret.mjs');
	writeFileSync(config, `export const user = '${USER}'; export function when_ready(server) { server.log.info('hooked'); }`, {
		mode: 0o600,
	});
	await using server = new TestServer(['-c', config, ...ANY_PORT, ...PLAIN, PLAIN_APP]);
	assert.equal((await server.get('/pid')).status, 200);
	assert.match(server.log, /hooked/);
	const hooked = join(folder, 'hooked.mjs');
	writeFileSync(hooked, `export const user = '${USER}'; export function post_fork() {}`, { mode: 0o600 });
	await using broken = new TestServer(['-c', hooked, ...ANY_PORT, ...PLAIN, PLAIN_APP]);
	assert.equal(await broken.exitStatus(), 3);
	assert.match(broken.log, /Cannot load config file \S+hooked\.mjs/);
});

test('An unknown user is refused at the start', async () => {
	await using server = new TestServer(['-u', 'no-such-user', ...ANY_PORT, ...PLAIN, PLAIN_APP]);
	assert.equal(await server.exitStatus(), 1);
	assert.match(server.log, /Cannot run workers as user 'no-such-user': there is no such user/);
	assert.doesNotMatch(server.log, /Listening at/);
});

test('Who is not root may be asked for nobody else', asRoot, () => {
	const main = projectPath('dist/src/server/main.js');
	const script = `
		process.setgid(54321); process.setuid(54321);
		process.argv = [process.argv[0], 'main.js', '-u', 'root', '-b', '127.0.0.1:0', 'app.js'];
		await import(${JSON.stringify(main)});`;
	assert.throws(
		() => execFileSync(process.execPath, ['--input-type=module', '-e', script], { cwd: tmpdir(), stdio: 'pipe', encoding: 'utf8' }),
		{ status: 1, stderr: /Cannot run workers as user root: only root may, and this is the user 54321/ },
	);
});
