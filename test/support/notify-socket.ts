import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { eventually } from './background.js';

/** Node has no Unix datagram sockets. */
const RECEIVER = `
import json, os, socket, sys
address = sys.argv[1]
receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
receiver.bind('\\0' + address[1:] if address[0] == '@' else address)
if address[0] != '@': os.chmod(address, 0o777)
print(json.dumps('bound'), flush=True)
while True: print(json.dumps(receiver.recv(65536).decode()), flush=True)
`;

/** Why there can be no `NotifySocket` here; undefined when there can. */
export const noNotifySocket: string | false =
	spawnSync('python3', ['--version']).status !== 0 && 'python3 is not there to receive datagrams';

/** A service manager's end of sd_notify: a real datagram socket, read by a process of its own. */
export class NotifySocket implements AsyncDisposable {
	readonly #child: ChildProcess;
	readonly #ended: Promise<unknown>;
	/** All messages so far, without the barriers of the command systemd-notify. */
	readonly messages: string[] = [];

	private constructor(address: string) {
		this.#child = spawn('python3', ['-c', RECEIVER, address], { stdio: ['ignore', 'pipe', 'inherit'] });
		this.#ended = once(this.#child, 'close');
		let rest = '';
		this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => {
			const lines = (rest + text).split('\n');
			rest = lines.pop() ?? '';
			this.messages.push(...lines.map((line) => JSON.parse(line)).filter((message) => message !== 'BARRIER=1'));
		});
	}

	/** @param address a path, or an abstract address such as `@name` */
	static async open(address: string): Promise<NotifySocket> {
		const socket = new NotifySocket(address);
		await socket.received(/^bound$/);
		socket.messages.length = 0;
		return socket;
	}

	/** Waits for a message. */
	received(pattern: RegExp, count = 1): Promise<string> {
		return eventually(`${pattern}, ${count} times`, () => this.messages.filter((message) => pattern.test(message))[count - 1]);
	}

	async [Symbol.asyncDispose](): Promise<void> {
		this.#child.kill('SIGKILL');
		await this.#ended;
	}
}
