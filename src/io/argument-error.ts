/** Node's codes for arguments that cannot be right, with the class Node gives each. */
const CLASSES = {
	ERR_INVALID_ARG_TYPE: TypeError,
	ERR_INVALID_ARG_VALUE: TypeError,
	ERR_INVALID_CHAR: TypeError,
	ERR_INVALID_HTTP_TOKEN: TypeError,
	ERR_INVALID_PROTOCOL: TypeError,
	ERR_IPC_SYNC_FORK: Error,
	ERR_OUT_OF_RANGE: RangeError,
	ERR_UNESCAPED_CHARACTERS: TypeError,
	ERR_UNKNOWN_SIGNAL: TypeError,
} as const;

/**
 * The error for a bad argument, recognisable as Node's own are.
 * @param message `Cannot do X: why, got the value`
 */
export function argumentError(code: keyof typeof CLASSES, message: string): Error & { code: string } {
	return Object.assign(new CLASSES[code](message), { code });
}

/** A value as a message shows it: short, and with its type where the value alone would not tell. */
export function shown(value: unknown): string {
	if (typeof value === 'string') return `'${value.length > 100 ? `${value.slice(0, 100)}...` : value}'`;
	if (typeof value === 'function') return `function ${value.name}`;
	if (typeof value === 'object' && value !== null) return `an instance of ${value.constructor?.name ?? 'Object'}`;
	return String(value);
}
