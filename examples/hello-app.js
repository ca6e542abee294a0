// tsgunicorn --worker-class gevent -w 4 -b 127.0.0.1:8000 examples/hello-app.js:handler
import 'tsgevent/patch';
import dns from 'node:dns';
import fs from 'node:fs';
import { sleep } from 'tsgevent';

export function handler(_request, response) {
	const { address } = dns.lookup('localhost'); // no callback: blocks this request, and no other
	const { version } = JSON.parse(fs.readFile('package.json', 'utf8'));
	sleep(50);
	response.end(`version ${version} at ${address}\n`);
}
