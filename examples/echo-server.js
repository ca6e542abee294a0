// The classic blocking echo server: one greenlet accepts, and each client has a greenlet of its own.
//
//   node examples/echo-server.js [port [host]]
//   nc 127.0.0.1 7000
import { isMain, spawn, task } from 'tsgevent';
import { listenSync } from 'tsgevent/net';

const echo = task(import.meta, function echo(client) {
	const who = `${client.remoteAddress}:${client.remotePort}`;
	console.log(`${who} came`);
	try {
		for (const chunk of client) client.write(chunk);
		console.log(`${who} left`);
	} finally {
		client.close();
	}
});

if (isMain(import.meta)) {
	const listener = listenSync(Number(process.argv[2] ?? 7000), process.argv[3] ?? '127.0.0.1');
	console.log(`Listening on port ${listener.address().port}`);
	for (const client of listener) {
		spawn(echo, client);
		client.release(); // the greenlet holds it now
	}
}
