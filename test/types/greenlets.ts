import { type Cloned, type Greenlet, getCurrent, joinAll, sleep, spawn, spawnLater, spawnWith, task, tasks, withTimeout } from 'tsgevent';
import { connectSync, type Listener, listenSync, type Socket } from 'tsgevent/net';

/** True only for the very same type. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** `exactly<string>()(value)` compiles only if the value is of that very type. */
declare function exactly<Expected>(): <Actual>(value: Actual, ...wrong: Same<Actual, Expected> extends true ? [] : [never]) => void;

/** Compiles only if the claim is true. */
declare function holds<_Claim extends true>(): void;

class Account {
	balance = 0;
	readonly opened = new Date(0);
	deposit(amount: number): void {
		this.balance += amount;
	}
}

// A task keeps its own type, and spawn takes its arguments from it.
const add = task(import.meta, function add(a: number, b = 0): number {
	return a + b;
});
exactly<number>()(add(1, 2));
exactly<Greenlet<number>>()(spawn(add, 1));
exactly<number>()(spawn(add, 1, 2).get());
exactly<Promise<number>>()(spawn(add, 1).promise());
exactly<Greenlet<number>>()(spawnLater(50, add, 1));
exactly<Greenlet<number>>()(spawnWith({ name: 'adder', delay: 50, unref: true }, add, 1));
// @ts-expect-error: an argument of another type
spawn(add, 'one');
// @ts-expect-error: an argument is missing
spawn(add);
// @ts-expect-error: an option that does not exist
spawnWith({ nmae: 'adder' }, add, 1);

// The tasks of an object keep their types one by one.
const { load, open } = tasks(import.meta, {
	load: async (url: string) => ({ url, bytes: new Uint8Array(1) }),
	open: () => new Account(),
});
// A promise is awaited, and what crosses to the caller's heap has lost its methods.
exactly<{ url: string; bytes: Uint8Array<ArrayBuffer> }>()(spawn(load, 'http://localhost').get());
exactly<{ balance: number; readonly opened: Date }>()(spawn(open).get());

// Node's own classes that have a codec stay what they are, in containers too; handles as well.
holds<Same<Cloned<Map<string, Error[]>>, Map<string, Error[]>>>();
holds<Same<Cloned<Buffer | URL | null>, Buffer | URL | null>>();
holds<Same<Cloned<[Account, () => void][]>[number][0], Cloned<Account>>>();
holds<Same<Cloned<Socket>, Socket>>();
holds<Same<Cloned<Listener>, Listener>>();
holds<Same<Cloned<Greenlet<number>>, Greenlet<number>>>();
holds<Same<Cloned<{ socket: Socket; close(): void }>, { socket: Socket }>>();

// What waits.
exactly<void>()(sleep(50));
exactly<boolean>()(spawn(add, 1).join({ timeout: 5_000 }));
exactly<boolean>()(spawn(add, 1).kill({ block: false, grace: 100 }));
exactly<number | undefined>()(spawn(add, 1).value);
exactly<unknown>()(spawn(add, 1).error);
exactly<Greenlet<number>[]>()(joinAll([spawn(add, 1), spawn(add, 2)], { raiseError: true, count: 1 }));
exactly<string>()(withTimeout(50, () => 'in time'));
exactly<string | null>()(withTimeout(50, () => 'in time' as string, { value: null }));
exactly<string | undefined>()(getCurrent()?.name);
// @ts-expect-error: durations are numbers
sleep('50');

// Blocking sockets.
exactly<Buffer | null>()(connectSync(80).read());
exactly<string | null>()(connectSync({ path: 'app.sock' }).readLine());
exactly<Socket>()(listenSync(0).accept());
