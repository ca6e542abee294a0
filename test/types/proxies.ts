import { releaseProxy, type Sync, type SyncObject, wrapSync } from 'tsgevent/comlink';

/** True only for the very same type. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** `exactly<string>()(value)` compiles only if the value is of that very type. */
declare function exactly<Expected>(): <Actual>(value: Actual, ...wrong: Same<Actual, Expected> extends true ? [] : [never]) => void;

// Node's own modules.
const { open, readFile, readdir } = wrapSync<typeof import('node:fs/promises')>(import.meta, 'node:fs/promises');
const file = open('file');
exactly<number>()(file.fd);
exactly<boolean>()(file.stat().isFile());
exactly<void>()(file.close());
exactly<Buffer | string>()(readFile('file', { encoding: null }) as Buffer | string);
for (const line of file.readLines()) exactly<string>()(line);
using again = open('file');
again[releaseProxy]();
// @ts-expect-error: a path is needed
readdir();
const timers = wrapSync<typeof import('node:timers/promises')>(import.meta, 'node:timers/promises');
exactly<string>()(timers.setTimeout(5, 'rung') as string);

// A library of an app's own.
interface Row {
	readonly id: number;
	name?: string;
}
declare class Client {
	constructor(options: { host: string; onNotice?: (text: string) => Promise<void> });
	static create(host: string): Promise<Client>;
	readonly options: { host: string };
	tag: string | undefined;
	query(text: string): Promise<{ rows: Row[]; client: Client }>;
	query(text: string, done: (error: Error | null, rows: Row[]) => void): void;
	each<T>(visit: (row: Row) => Promise<T>): Promise<number>;
	items(): AsyncGenerator<Row>;
	use(other: Client): this;
	private secret: number;
}
interface Library {
	Client: typeof Client;
	version: string;
	sub: { greet(name: string): Promise<string> };
	adder(by: number): (value: number) => number;
	anything: (value: unknown) => unknown;
}
const lib = wrapSync<Library>(import.meta, './library.js');
exactly<string>()(lib.version);
exactly<string>()(lib.sub.greet('you'));
exactly<number>()(lib.adder(1)(2));
const client = new lib.Client({ host: 'h', onNotice: (text) => exactly<string>()(text) });
exactly<SyncObject<Client>>()(client);
exactly<string>()(lib.Client.create('h').options.host);
exactly<Row[]>()(client.query('q').rows as Row[]);
exactly<string | undefined>()(client.query('q').client.tag);
exactly<void>()(client.query('q', (error, rows) => void [error, rows]));
// What the library would wait for may be a value that is there.
exactly<number>()(client.each((row) => row.id));
client.use(client);
for (const row of client.items()) exactly<number>()(row.id);
client.tag = 'x';
using _same = client;
// @ts-expect-error: a private member
client.secret;
// @ts-expect-error: of another type
client.tag = 1;
// @ts-expect-error: an argument of another type
client.query(1);
// @ts-expect-error: nothing to wait for
client.query('q').then;
// @ts-expect-error: constructed, not called
lib.Client({ host: 'h' });
exactly<number[]>()(null as unknown as Sync<Promise<number[]>>);
exactly<Map<string, number>>()(null as unknown as Sync<Map<string, number>>);
