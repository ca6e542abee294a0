import { argumentError, shown } from './argument-error.js';

/** A whole number from 0. @throws TypeError `ERR_INVALID_ARG_TYPE` @throws RangeError `ERR_OUT_OF_RANGE` */
export function checkCount(caller: string, name: string, value: unknown): number {
	const count = checkNumber(caller, name, value);
	if (Number.isSafeInteger(count) && count >= 0) return count;
	throw argumentError('ERR_OUT_OF_RANGE', `Cannot call ${caller}: ${name} must be a whole number from 0, got ${count}`);
}

/** @throws TypeError `ERR_INVALID_ARG_TYPE` */
export function checkString(caller: string, name: string, value: unknown): string {
	if (typeof value === 'string') return value;
	throw argumentError('ERR_INVALID_ARG_TYPE', `Cannot call ${caller}: ${name} must be a string, got ${shown(value)}`);
}

function checkNumber(caller: string, name: string, value: unknown): number {
	if (typeof value === 'number') return value;
	throw argumentError('ERR_INVALID_ARG_TYPE', `Cannot call ${caller}: ${name} must be a number, got ${shown(value)}`);
}
