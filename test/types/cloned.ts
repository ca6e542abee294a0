import type { Cloned } from '../../src/greenlet/cloned.js';
import type { Greenlet } from '../../src/greenlet/greenlet.js';
import { spawn } from '../../src/greenlet/spawn.js';

/** True only for the very same type. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** `exactly<A, B>()` compiles only if both are the very same type. */
declare function exactly<A, B>(...wrong: Same<A, B> extends true ? [] : [never]): void;

exactly<Cloned<string | 1 | null | undefined | bigint>, string | 1 | null | undefined | bigint>();
exactly<Cloned<Date>, Date>();
exactly<Cloned<Buffer>, Buffer>();
exactly<Cloned<URL>, URL>();
exactly<Cloned<TypeError>, TypeError>();
exactly<Cloned<Greenlet<number>>, Greenlet<number>>();
exactly<Cloned<[a: string, b?: number]>, [a: string, b?: number]>();
exactly<Cloned<Map<string, Set<Date>>>, Map<string, Set<Date>>>();

interface Account {
	readonly id: number;
	name?: string;
	readonly owner: { email: string; send(): void };
	deposit(amount: number): void;
}
exactly<Cloned<Account>, { readonly id: number; name?: string; readonly owner: { email: string } }>();
exactly<Cloned<Account[]>, { readonly id: number; name?: string; readonly owner: { email: string } }[]>();

declare function sync(a: number, b?: string): Account;
declare function async(): Promise<number[]>;
declare function nothing(): void;

exactly<ReturnType<typeof spawnedAsync>, Greenlet<number[]>>();
function spawnedAsync() {
	return spawn(async);
}
exactly<ReturnType<typeof spawnedNothing>, Greenlet<void>>();
function spawnedNothing() {
	return spawn(nothing);
}
const id: number = spawn(sync, 1, 'b').get().id;
spawn(sync, id);
// @ts-expect-error methods do not cross
spawn(sync, 1).get().deposit;
// @ts-expect-error an argument of the wrong type
spawn(sync, '1');
// @ts-expect-error a missing argument
spawn(sync);
