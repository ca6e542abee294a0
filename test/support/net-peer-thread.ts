/** The thread behind `NetPeer`: plain `node:net`, so that a test can be parked while this side goes on. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { parentPort } from 'node:worker_threads';
import type { PeerQuestion, Step, Target, Transcript } from './net-peer-steps.js';

const port = parentPort;
if (!port) throw new Error('Cannot start: this file is the thread of a NetPeer');

const transcripts: Promise<Transcript>[] = [];
/** Who asks for a connection that does not exist yet is answered when it does. */
const waiting = new Map<number, (transcript: Promise<Transcript>) => void>();

port.on('message', async ({ id, question }: { id: number; question: PeerQuestion }) => {
	port.postMessage({ id, answer: await answer(question) });
});

function answer(question: PeerQuestion): Promise<unknown> {
	if (question.verb === 'listen') return listen(question.steps, question.path);
	if (question.verb === 'transcript') return transcriptOf(question.connection);
	return call(question.target, question.steps);
}

async function listen(steps: readonly Step[], path: string | undefined): Promise<Target> {
	const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) => record(play(socket, steps)));
	if (path === undefined) server.listen(0, '127.0.0.1');
	else server.listen(path);
	await once(server, 'listening');
	return path === undefined ? { port: (server.address() as AddressInfo).port, host: '127.0.0.1' } : { path };
}

async function call(target: Target, steps: readonly Step[]): Promise<number> {
	const socket = connect({ ...target, allowHalfOpen: true });
	socket.pause();
	return record(once(socket, 'connect').then(() => play(socket, steps)));
}

function record(transcript: Promise<Transcript>): number {
	const connection = transcripts.push(transcript) - 1;
	waiting.get(connection)?.(transcript);
	return connection;
}

function transcriptOf(connection: number): Promise<Transcript> {
	return transcripts[connection] ?? new Promise((resolve) => waiting.set(connection, resolve));
}

/** Walks through the steps; a connection that breaks ends them. */
async function play(socket: Socket, steps: readonly Step[]): Promise<Transcript> {
	const inbox = new Inbox(socket);
	let error: string | undefined;
	try {
		for (const step of steps) await take(socket, inbox, step);
	} catch (broken) {
		error = (broken as NodeJS.ErrnoException).code ?? String(broken);
	}
	return { received: inbox.text, error };
}

async function take(socket: Socket, inbox: Inbox, step: Step): Promise<void> {
	if ('send' in step) await send(socket, Buffer.from(step.send.repeat(step.times ?? 1)));
	else if ('receive' in step) await inbox.fill(step.receive);
	else if ('receiveAll' in step) await inbox.fill(Number.POSITIVE_INFINITY);
	else if ('end' in step) await new Promise<void>((resolve) => socket.end(resolve));
	else if ('echo' in step) await echo(socket);
	else if (step.reset) socket.resetAndDestroy();
	else socket.destroy();
}

function send(socket: Socket, data: Buffer): Promise<void> {
	return new Promise((resolve, reject) => socket.write(data, (error) => (error ? reject(error) : resolve())));
}

async function echo(socket: Socket): Promise<void> {
	socket.pipe(socket);
	await once(socket, 'close');
}

/** What has arrived on a socket that flows only while somebody asks for more. */
class Inbox {
	readonly #socket: Socket;
	readonly #chunks: Buffer[] = [];
	#wanted = 0;
	#length = 0;
	#ended = false;
	#failure: Error | undefined;
	#look = (): void => undefined;

	constructor(socket: Socket) {
		this.#socket = socket;
		socket.on('data', (chunk) => {
			this.#chunks.push(chunk);
			this.#length += chunk.length;
			this.#look();
		});
		socket.on('end', () => {
			this.#ended = true;
			this.#look();
		});
		socket.on('error', (error) => {
			this.#failure = error;
			this.#look();
		});
	}

	get text(): string {
		return Buffer.concat(this.#chunks).toString('latin1');
	}

	/** Waits for `count` bytes more, or for the end. */
	fill(count: number): Promise<void> {
		this.#wanted += count;
		this.#socket.resume();
		return new Promise((resolve, reject) => {
			this.#look = () => {
				if (this.#failure) reject(this.#failure);
				else if (this.#ended || this.#length >= this.#wanted) {
					this.#socket.pause();
					resolve();
				}
			};
			this.#look();
		});
	}
}
