/**
 * Whether a caught error is control flow (`GreenletExit`, `Timeout`) that a broad `catch` should throw on. Python keeps
 * these outside `Exception`; JavaScript has no such class. Recognised by code, so it works across threads and copies.
 * @example
 * import { isControlFlow, sleep, withTimeout } from 'tsgevent';
 *
 * withTimeout(5, () => {
 * 	try {
 * 		sleep(10_000);
 * 	} catch (error) {
 * 		if (isControlFlow(error)) throw error;
 * 		console.error('an ordinary failure', error);
 * 	}
 * }, { value: undefined });
 */
export function isControlFlow(error: unknown): boolean {
	const code = (error as { code?: unknown } | null | undefined)?.code;
	return code === 'ERR_GREENLET_EXIT' || code === 'ERR_TIMEOUT';
}
