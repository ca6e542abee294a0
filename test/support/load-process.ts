/** `load-process.js OPTIONS`: the clients of a `Load`, in a process of their own; OPTIONS is JSON. Ends with its parent. */
import { setImmediate as afterPoll, setTimeout as delay } from 'node:timers/promises';
import { LoadConnection, Unanswered } from './load-connection.js';
import type { Failure, FromLoad, LoadOptions, LoadReport, ToLoad } from './load-messages.js';
import { Random } from './random.js';

const TELL_MS = 20;
const MOST_FAILURES = 50;
/**
 * A client that comes so much later than it meant to, because the machine gave it no time, opens a new connection, in milliseconds: a
 * server that drains closes an idle one after 2 s, and may do so just as the late request is on its way.
 */
const HELD_UP_MS = 1_000;
/** One request in so many is written in two pieces. */
const SPLIT = 8;

const options = JSON.parse(process.argv[2] ?? '') as LoadOptions;
const { to, paths = ['/'], pauseMs = 10, nudgeMs = 50, answerMs = 30_000 } = options;
const random = new Random(options.seed);
const times: number[] = [];
const failures: Failure[] = [];
let requests = 0;
let failed = 0;
let closedWhenIdle = 0;
let stopping = false;
const idlers = new Set<() => void>();
let nudges = 0;
let nudgedAt = 0;

process.on('disconnect', () => process.exit());
process.on('message', (message: ToLoad) => {
	if (message.type === 'stop') stopping = true;
	else {
		nudges++;
		nudgedAt = message.at;
	}
	for (const wake of idlers) wake();
	idlers.clear();
});
const telling = setInterval(() => tell({ type: 'requests', done: times.length + failed, failed }), TELL_MS);
await Promise.all([
	...Array.from({ length: options.fresh ?? 0 }, () => beFresh()),
	...Array.from({ length: options.kept ?? 0 }, () => keep()),
	...Array.from({ length: options.idle ?? 0 }, (_, index) => idle(index % 2 === 0)),
]);
clearInterval(telling);
tell({ type: 'report', report: report() });
process.disconnect();

async function beFresh(): Promise<void> {
	while (!stopping) {
		const connection = await request('fresh', undefined);
		connection?.close();
		await pause();
	}
}

async function keep(): Promise<void> {
	let connection: LoadConnection | undefined;
	while (!stopping) {
		const askedAt = Date.now();
		connection = await request('kept', connection);
		await pause();
		connection = unlessHeldUp(connection, askedAt);
	}
	connection?.close();
}

/** @param speaks whether its connection has carried a request before it is left idle */
async function idle(speaks: boolean): Promise<void> {
	while (!stopping) {
		// A nudge that comes while the connection is being made counts, too.
		const seen = nudges;
		let connection = speaks ? await request('idle', undefined) : await LoadConnection.open(to).catch(() => undefined);
		while (nudges === seen && !stopping) await new Promise<void>((resolve) => idlers.add(resolve));
		if (!stopping) {
			await delay(random.below(nudgeMs));
			connection = await request('idle', unlessHeldUp(connection, nudgedAt));
		}
		connection?.close();
	}
}

/** The connection, unless so much time has passed that nobody knows what has become of it. */
function unlessHeldUp(connection: LoadConnection | undefined, since: number): LoadConnection | undefined {
	if (Date.now() - since < HELD_UP_MS) return connection;
	connection?.close();
	return undefined;
}

/**
 * One request, on a connection of its own where there is none or the server has closed it.
 * @returns the connection when it can carry another one
 */
async function request(client: Failure['client'], given: LoadConnection | undefined): Promise<LoadConnection | undefined> {
	let connection = given;
	if (connection && (await connection.closed())) {
		closedWhenIdle++;
		connection = undefined;
	}
	const sentAt = Date.now();
	requests++;
	let idleMs: number | undefined;
	try {
		connection ??= await LoadConnection.open(to);
		idleMs = Date.now() - connection.idleSince;
		const startedAt = performance.now();
		const { status, kept } = await connection.ask(pieces(client), answerMs);
		if (status !== 200) throw new Unanswered(`status ${status}`);
		times.push(performance.now() - startedAt);
		if (kept) return connection;
	} catch (error) {
		if (!(error instanceof Unanswered)) throw error;
		failed++;
		const { requests: nth = 0, localPort } = connection ?? {};
		const { message: why, received } = error;
		if (failures.length < MOST_FAILURES) failures.push({ client, why, sentAt, failedAt: Date.now(), idleMs, nth, localPort, received });
	}
	connection?.close();
	return undefined;
}

function pieces(client: Failure['client']): string[] {
	const path = paths[Math.floor(random.below(paths.length))] ?? '/';
	const text = `GET ${path} HTTP/1.1\r\nHost: app\r\n${client === 'fresh' ? 'Connection: close\r\n' : ''}\r\n`;
	if (!random.once(SPLIT)) return [text];
	const middle = Math.floor(1 + random.below(text.length - 1));
	return [text.slice(0, middle), text.slice(middle)];
}

async function pause(): Promise<void> {
	await delay(random.below(pauseMs));
	await afterPoll();
}

function report(): LoadReport {
	const sorted = times.toSorted((a, b) => a - b);
	const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
	const [medianMs, p99Ms, longestMs] = [at(0.5), at(0.99), at(1)];
	return { seed: random.seed, requests, answered: times.length, failed, failures, closedWhenIdle, medianMs, p99Ms, longestMs };
}

function tell(message: FromLoad): void {
	process.send?.(message);
}
