import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { projectRoot } from '../support/project.js';

test('the echo server serves many clients at once', async () => {
	const server = spawn(process.execPath, ['examples/echo-server.js', '0'], { cwd: projectRoot, stdio: ['ignore', 'pipe', 'inherit'] });
	const exited = once(server, 'exit');
	try {
		const lines = createInterface({ input: server.stdout })[Symbol.asyncIterator]();
		const port = Number(/^Listening on port (\d+)$/.exec((await lines.next()).value)?.[1]);
		const clients = await Promise.all(Array.from({ length: 8 }, () => dial(port)));
		// Every client is served while all the others are: none has ended yet.
		for (const round of ['one', 'two']) {
			for (const [number, client] of clients.entries()) assert.equal(await ask(client, `${round} ${number}`), `${round} ${number}`);
		}
		assert.deepEqual(new Set(await Promise.all(clients.map(lastWords))), new Set(['bye']));
	} finally {
		server.kill();
		await exited;
	}
});

async function dial(port: number): Promise<Socket> {
	const client = connect({ port, host: '127.0.0.1', allowHalfOpen: true }).setEncoding('utf8');
	await once(client, 'connect');
	return client;
}

async function ask(client: Socket, question: string): Promise<string> {
	client.write(question);
	const [answer] = (await once(client, 'data')) as [string];
	return answer;
}

/** Says bye, ends this half, and collects what the server still sends. */
async function lastWords(client: Socket): Promise<string> {
	let answer = '';
	client.on('data', (text: string) => {
		answer += text;
	});
	client.end('bye');
	await once(client, 'end');
	return answer;
}
