import type { ChildEnd, ChildMessage } from './child-process-messages.js';

/** What the hub tells its nursery. */
export type ToNursery =
	| { readonly id: number; readonly start: ChildMessage }
	| { readonly id: number; readonly stop: 'dispose' | 'expire' };

/** What the nursery answers: how a child ended, or what Node said of its arguments. */
export type FromNursery =
	| { readonly id: number; readonly end: ChildEnd }
	| { readonly id: number; readonly refused: { readonly name: string; readonly message: string; readonly code: string | undefined } };
