let warned = false;

/**
 * Checks a duration in milliseconds and returns it. `undefined` and `null` mean no limit and give -1, as `Infinity` does.
 * A fraction below 1 is taken as it is but warned about once per thread: whoever writes it mostly means seconds.
 * @throws TypeError `ERR_INVALID_ARG_TYPE`, RangeError `ERR_OUT_OF_RANGE`
 */
export function duration(ms: unknown, name: string): number {
	if (ms === undefined || ms === null || ms === Number.POSITIVE_INFINITY) return -1;
	if (typeof ms !== 'number')
		throw coded(
			new TypeError(`The "${name}" argument must be of type number (milliseconds), received ${describe(ms)}`),
			'ERR_INVALID_ARG_TYPE',
		);
	if (Number.isNaN(ms) || ms < 0)
		throw coded(new RangeError(`The value of "${name}" is out of range. It must be >= 0 milliseconds, received ${ms}`), 'ERR_OUT_OF_RANGE');
	if (ms > 0 && ms < 1 && !warned) {
		warned = true;
		process.emitWarning(`"${name}" is in milliseconds, and ${ms} is less than one: were seconds meant?`, { code: 'TSGEVENT_SECONDS' });
	}
	return ms;
}

function describe(value: unknown): string {
	return typeof value === 'string' ? `'${value}'` : `${typeof value} ${String(value)}`;
}

function coded<E extends Error>(error: E, code: string): E {
	return Object.assign(error, { code });
}
