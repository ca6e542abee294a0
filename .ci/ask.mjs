// Usage: ask.mjs <mark> <log>: the processes that carry CI_RUN_MARK=<mark> in their environment are a server that is
// starting. Waits until <log> says where it listens, asks it once and 64 times at once, ends it with TERM, and
// checks that none of its processes is left.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

const INSTALL_AND_START_MS = 300_000;
const STOP_MS = 60_000;
const AT_ONCE = 64;
const [, , mark, log] = process.argv;

try {
	const url = await until('the server to listen', INSTALL_AND_START_MS, () => {
		assert.ok(processes().length > 0, 'The server ended before it listened');
		return /listening at:? (http:\/\/[\d.:]+)/i.exec(readFileSync(log, 'utf8'))?.[1];
	});
	await questions(url);
	await end();
} catch (error) {
	for (const { pid } of processes()) process.kill(pid, 'SIGKILL');
	console.error(`The server's output:\n${readFileSync(log, 'utf8')}`);
	throw error;
}

async function questions(url) {
	console.log(`${url} answers: ${await ask(url)}`);
	// Threads start on demand, so the pool is warm only after it has been asked for this many at once.
	for (const pool of ['cold', 'warming', 'warm']) {
		const alone = await timed(() => ask(url));
		const together = await timed(() => Promise.all(Array.from({ length: AT_ONCE }, () => ask(url))));
		console.log(`pool ${pool}: ${AT_ONCE} at once took ${together} ms, one alone ${alone} ms`);
	}
}

async function ask(url) {
	const response = await fetch(url);
	const text = await response.text();
	assert.equal(response.status, 200, text);
	assert.ok(text.length > 0, 'The answer is empty');
	return text.trim();
}

async function timed(work) {
	const startedAt = performance.now();
	await work();
	return Math.round(performance.now() - startedAt);
}

async function end() {
	const running = processes();
	const arbiter = running.find(({ command }) => command.startsWith('tsgunicorn: master '));
	assert.ok(arbiter, `No arbiter among ${JSON.stringify(running)}`);
	process.kill(arbiter.pid, 'SIGTERM');
	await until('every process to end', STOP_MS, () => processes().length === 0);
	console.log(`TERM ended all ${running.length} processes`);
}

/** Every process with the mark; descendants inherit it and keep it when their parent ends first. */
function processes() {
	return readdirSync('/proc')
		.filter((entry) => /^\d+$/.test(entry) && read(entry, 'environ').split('\0').includes(`CI_RUN_MARK=${mark}`))
		.map((pid) => ({
			pid: Number(pid),
			parent: Number(/^PPid:\s+(\d+)/m.exec(read(pid, 'status'))?.[1]),
			command: read(pid, 'cmdline').replaceAll('\0', ' ').trim(),
		}));
}

function read(pid, name) {
	try {
		return readFileSync(`/proc/${pid}/${name}`, 'latin1');
	} catch {
		// Ended in between, or another user's: not ours in either case.
		return '';
	}
}

async function until(what, limitMs, probe) {
	const pauseMs = 100;
	for (let waitedMs = 0; waitedMs < limitMs; waitedMs += pauseMs) {
		const found = probe();
		if (found) return found;
		await delay(pauseMs);
	}
	throw new Error(`Waited ${limitMs} ms for ${what}; running: ${JSON.stringify(processes())}`);
}
