// An app in plain blocking style: no await, no callbacks. Each request waits five times, and no other request waits with it.
//
//   tsgunicorn --worker-class gevent -w 2 -b 127.0.0.1:8000 examples/blocking-app.js:handler
//   curl http://127.0.0.1:8000/
import 'tsgevent/patch';
import { execSync } from 'node:child_process';
import dns from 'node:dns';
import fs from 'node:fs';
import { sleep } from 'tsgevent';
import { fetchSync } from 'tsgevent/http';
import { upstreamSocket } from './start-upstream.js';

export function handler(request, response) {
	const started = Date.now();

	const { address } = dns.lookup('localhost'); // without its callback it returns what it finds
	const { greeting } = fetchSync('http://upstream/greeting', { socketPath: upstreamSocket(), timeout: 5_000 }).json();
	const lines = fs.readFile(new URL(import.meta.url), 'utf8').split('\n').length;
	const child = execSync('echo "a child process"', { encoding: 'utf8' }).trim();
	sleep(50);

	const answer = { path: request.url, address, greeting, lines, child, tookMs: Date.now() - started };
	response.writeHead(200, { 'content-type': 'application/json' });
	response.end(`${JSON.stringify(answer)}\n`);
}
