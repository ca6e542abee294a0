import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { PidFile } from '../../../src/server/arbiter/pid-file.js';
import { projectPath } from '../../support/project.js';

const folder = mkdtempSync(join(tmpdir(), 'tsgunicorn-'));
const path = join(folder, 'app.pid');
after(() => rmSync(folder, { recursive: true }));
beforeEach(() => {
	for (const name of readdirSync(folder)) rmSync(join(folder, name), { recursive: true });
});

/** The pid of a process that has ended. */
function deadPid(): number {
	return spawnSync(process.execPath, ['--version']).pid;
}

test('PidFile writes its pid, readable by all whatever the umask, and nothing beside it', () => {
	const umask = process.umask(0o077);
	try {
		new PidFile().rename(path);
	} finally {
		process.umask(umask);
	}
	assert.equal(readFileSync(path, 'utf8'), `${process.pid}\n`);
	assert.equal(statSync(path).mode & 0o777, 0o644);
	assert.deepEqual(readdirSync(folder), ['app.pid']);
});

test('PidFile writes nothing without a path', () => {
	const file = new PidFile();
	file.rename(null);
	file.rename(undefined);
	file.unlink();
	assert.equal(file.path, undefined);
	assert.deepEqual(readdirSync(folder), []);
});

test('PidFile refuses to run beside a process that lives, and leaves its file', () => {
	writeFileSync(path, `${process.ppid}\n`);
	const file = new PidFile();
	assert.throws(() => file.rename(path), { exitStatus: 1, message: new RegExp(`already running on PID ${process.ppid}`) });
	file.unlink();
	assert.equal(readFileSync(path, 'utf8'), `${process.ppid}\n`);
	assert.deepEqual(readdirSync(folder), ['app.pid']);
});

test('PidFile overwrites what is dead, malformed or its own', () => {
	for (const text of [`${deadPid()}\n`, 'gunicorn', '', '0', '-1', '1.5', `${process.pid}`]) {
		writeFileSync(path, text);
		new PidFile().rename(path);
		assert.equal(readFileSync(path, 'utf8'), `${process.pid}\n`, text);
	}
});

test('PidFile says what is wrong with a path', () => {
	mkdirSync(join(folder, 'folder'));
	for (const wrong of [join(folder, 'folder'), join(folder, 'missing', 'app.pid')])
		assert.throws(() => new PidFile().rename(wrong), { exitStatus: 1, message: new RegExp(`Cannot use the pid file ${wrong}: E`) });
	assert.deepEqual(readdirSync(folder), ['folder']);
});

test('PidFile counts a process that may not be signalled as alive, and does not overwrite what it cannot read', {
	skip: process.getuid?.() !== 0 && 'only root becomes somebody else',
}, () => {
	chmodSync(folder, 0o777);
	writeFileSync(path, `${process.pid}\n`, { mode: 0o644 });
	const unreadable = join(folder, 'unreadable.pid');
	writeFileSync(unreadable, '1\n', { mode: 0o600 });
	const module = pathToFileURL(projectPath('dist/src/server/arbiter/pid-file.js')).href;
	const script = `
		const { PidFile } = await import('${module}');
		process.setuid(65534);
		for (const path of ${JSON.stringify([path, unreadable])}) {
			try { new PidFile().rename(path); } catch (error) { console.log(error.message); }
		}`;
	const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
	assert.match(stdout, new RegExp(`already running on PID ${process.pid}[^\n]*\nCannot use the pid file ${unreadable}: EACCES`), stderr);
});

test('PidFile is removed while it holds its pid, and only then', () => {
	const file = new PidFile();
	file.rename(path);
	file.unlink();
	assert.equal(existsSync(path), false);
	file.rename(path);
	writeFileSync(path, `${process.ppid}\n`);
	file.unlink();
	assert.equal(existsSync(path), true);
});

test('PidFile moves with the setting, and stays where it was when it cannot', () => {
	const file = new PidFile();
	file.rename(path);
	file.rename(`${path}.new`);
	assert.deepEqual(readdirSync(folder), ['app.pid.new']);
	writeFileSync(path, `${process.ppid}\n`);
	assert.throws(() => file.rename(path), { exitStatus: 1 });
	assert.equal(file.path, `${path}.new`);
	file.rename(null);
	assert.deepEqual(readdirSync(folder), ['app.pid']);
});

test('PidFile of a second master has a name of its own until it is promoted', () => {
	writeFileSync(path, `${process.ppid}\n`);
	const file = new PidFile(process.pid, true);
	file.rename(path);
	assert.equal(readFileSync(`${path}.2`, 'utf8'), `${process.pid}\n`);
	assert.throws(() => file.promote(), { exitStatus: 1 });
	// One that was killed seems to live until its parent has waited for it.
	file.promote(process.ppid);
	assert.deepEqual(readdirSync(folder), ['app.pid']);
	assert.equal(readFileSync(path, 'utf8'), `${process.pid}\n`);
});
