// The other HTTP server, which blocking-app.js calls: an ordinary async one in a process of its own. It ends with its master.
//
//   node examples/upstream.js folder [pid of the master]
import { rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';

const [folder, master] = process.argv.slice(2);

createServer((_request, response) => {
	response.setHeader('content-type', 'application/json');
	response.end('{"greeting":"hello from upstream"}\n');
}).listen(join(folder, 'upstream.sock'));

process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit());

if (master) {
	setInterval(() => {
		try {
			process.kill(Number(master), 0); // sends nothing; throws when there is no such process
		} catch {
			process.exit();
		}
	}, 250);
}
