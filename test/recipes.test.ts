import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { after, test } from 'node:test';
import { eventually } from './support/background.js';
import { describeLoad, Load } from './support/load.js';
import { run } from './support/node-process.js';
import { projectPath } from './support/project.js';
import { get, TestServer } from './support/server.js';

const DEADLINE_MS = 60_000;
const page = readFileSync(projectPath('docs/recipes.md'), 'utf8');
const folder = mkdtempSync(join(tmpdir(), 'recipes-'));
after(() => rmSync(folder, { recursive: true }));

/** The block of the page that is fenced with `file=NAME`. */
function recipe(name: string): string {
	const [, text] = new RegExp(`^\`\`\`\\w+ file=${name}\\n([\\s\\S]*?)^\`\`\`$`, 'm').exec(page) ?? [];
	assert.ok(text, `docs/recipes.md has no block file=${name}`);
	return text;
}

/** `text` with each of these replaced, all of which must be there. */
function adapted(text: string, replacements: Readonly<Record<string, string>>): string {
	return Object.entries(replacements).reduce((before, [from, to]) => {
		assert.ok(before.includes(from), `${from} is not in the recipe`);
		return before.replaceAll(from, to);
	}, text);
}

/** Why a test has to be skipped; false when the command is there. */
function lacking(command: string): string | false {
	// nginx is where an administrator's PATH leads.
	const folders = `${process.env.PATH}${delimiter}/usr/sbin`.split(delimiter);
	const found = folders.some((place) => {
		try {
			accessSync(join(place, command), constants.X_OK);
			return true;
		} catch {
			// Looked for in the next one.
			return false;
		}
	});
	return found ? false : `${command} is not installed`;
}

/** A whole configuration around the recipe's part, for one process in the foreground that touches nothing outside `folder`. */
const nginxAround = (prefix: string, file: string): string => `
daemon off;
master_process off;
pid ${prefix}/nginx.pid;
error_log stderr;
events {}
http {
	access_log off;
	${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${prefix}/${name};`).join('\n\t')}
	include ${file};
}
`;

test('nginx passes requests on, and loses none while the server gets a HUP', { skip: lacking('nginx') }, async () => {
	const app = `${projectPath('dist/test/fixtures/load-app.js')}:handler`;
	await using server = new TestServer((own) => ['-k', 'gevent', '-b', `unix:${join(own, 'app.sock')}`, '--keep-alive', '75', app]);
	const front = join(server.folder, 'front.sock');
	const part = join(server.folder, 'app.conf');
	const whole = join(server.folder, 'nginx.conf');
	writeFileSync(
		part,
		adapted(recipe('app.conf'), { '/run/app/app.sock': join(server.folder, 'app.sock'), 'listen 80;': `listen unix:${front};` }),
	);
	writeFileSync(whole, nginxAround(server.folder, part));
	const args = ['-p', server.folder, '-e', 'stderr', '-c', whole];
	const env = { PATH: `${process.env.PATH}${delimiter}/usr/sbin` };
	const check = await run('nginx', ['-t', ...args], { env });
	assert.equal(check.status, 0, check.stderr);
	await server.logged(/Listening at/);
	const nginx = spawn('nginx', args, { env, stdio: ['ignore', 'ignore', 'inherit'] });
	const ended = once(nginx, 'exit');
	try {
		const end = performance.now() + DEADLINE_MS;
		while (!(await answers(front))) {
			assert.equal(nginx.exitCode, null, 'nginx has ended');
			assert.ok(performance.now() < end, `nginx does not pass requests on:\n${server.log}`);
		}
		await using load = new Load({ to: front, fresh: 2, kept: 2 });
		await load.more(50);
		server.kill('SIGHUP');
		await server.logged(/Worker exiting/);
		await load.more(50);
		const report = await load.stop();
		assert.equal(report.failed, 0, `${describeLoad(report)}\n${server.log}`);
	} finally {
		nginx.kill('SIGQUIT');
		await ended;
	}
});

async function answers(socketPath: string): Promise<boolean> {
	try {
		return (await get({ socketPath })).status === 200;
	} catch (error) {
		// Not there yet, or not listened on.
		assert.match((error as NodeJS.ErrnoException).code ?? '', /^(?:ENOENT|ECONNREFUSED)$/);
		return false;
	}
}

const COMMAND = '/srv/app/node_modules/.bin/tsgunicorn';

test('systemd accepts the units', { skip: lacking('systemd-analyze') }, async () => {
	for (const name of ['app.socket', 'app.service']) {
		const text = recipe(name);
		// It looks whether the command is there.
		writeFileSync(join(folder, name), name === 'app.service' ? adapted(text, { [COMMAND]: process.execPath }) : text);
	}
	const { status, stdout, stderr } = await run('systemd-analyze', ['verify', join(folder, 'app.service'), join(folder, 'app.socket')]);
	assert.equal(status, 0, stderr);
	// What is wrong with other units of this machine does not matter here.
	assert.doesNotMatch(stdout + stderr, /app\.(?:service|socket)/);
});

test("the service's command serves on the socket that systemd passes it", { skip: lacking('systemd-socket-activate') }, async () => {
	const [, words = ''] = /^ExecStart=(.*)$/m.exec(recipe('app.service')) ?? [];
	const command = adapted(words, {
		[COMMAND]: '',
		'app.js:handler': `${projectPath('dist/test/fixtures/load-app.js')}:handler`,
		'-w 4': '-w 1',
	});
	const socket = join(folder, 'activated.sock');
	const { NODE_TEST_CONTEXT: _, ...env } = process.env;
	const main = projectPath('dist/src/server/main.js');
	const service = spawn('systemd-socket-activate', ['-l', socket, process.execPath, main, ...command.trim().split(/ +/)], {
		env,
		stdio: ['ignore', 'ignore', 'pipe'],
	});
	let log = '';
	service.stderr.setEncoding('utf8').on('data', (text: string) => {
		log += text;
	});
	const ended = once(service, 'close');
	try {
		await eventually('systemd-socket-activate to listen', () => {
			assert.equal(service.exitCode, null, log);
			return log.includes('Listening on');
		});
		// The first connection starts the service and waits for it.
		assert.equal((await get({ socketPath: socket })).status, 200, log);
		assert.match(log, new RegExp(`Listening at: unix:${socket}`));
	} finally {
		service.kill('SIGTERM');
		await ended;
	}
	assert.equal(service.exitCode, 0, log);
});

test('after its log file was moved away and USR1 as in the recipe, a new one is written', async () => {
	const [, line = ''] = /postrotate\n\s*(.*)\n\s*endscript/.exec(recipe('app.logrotate')) ?? [];
	await using server = new TestServer((own) => [
		...['-k', 'gevent', '-b', '127.0.0.1:0', '--pid', join(own, 'app.pid'), '--access-logfile', join(own, 'access.log')],
		`${projectPath('dist/test/fixtures/load-app.js')}:handler`,
	]);
	const log = join(server.folder, 'access.log');
	await server.get('/before');
	await eventually('the first line', () => readIfThere(log).includes('/before'));
	renameSync(log, `${log}.1`);
	const { status, stderr } = await run('sh', ['-c', adapted(line, { '/run/app/app.pid': join(server.folder, 'app.pid') })]);
	assert.equal(status, 0, stderr);
	await server.logged(/Handling signal: usr1/);
	const end = performance.now() + DEADLINE_MS;
	for (let last = ''; !last.includes('/after'); ) {
		assert.ok(performance.now() < end, `No new log file was written:\n${server.log}`);
		await server.get('/after');
		last = readIfThere(log);
		assert.doesNotMatch(last, /\/before/);
	}
	assert.match(readFileSync(`${log}.1`, 'utf8'), /\/before/);
});

function readIfThere(path: string): string {
	try {
		return readFileSync(path, 'utf8');
	} catch (error) {
		assert.equal((error as NodeJS.ErrnoException).code, 'ENOENT');
		return '';
	}
}
