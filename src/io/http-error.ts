/** Codes of undici that say the same as one of Node's, and what `node:http` says then. */
const NODE_CODES: Readonly<Record<string, readonly [code: string, message: string]>> = {
	UND_ERR_SOCKET: ['ECONNRESET', 'socket hang up'],
	UND_ERR_RES_CONTENT_LENGTH_MISMATCH: ['ECONNRESET', 'aborted'],
	UND_ERR_CONNECT_TIMEOUT: ['ETIMEDOUT', 'connect ETIMEDOUT'],
	UND_ERR_HEADERS_TIMEOUT: ['ETIMEDOUT', 'headers ETIMEDOUT'],
	HPE_INVALID_RESPONSE: ['HPE_INVALID_RESPONSE', 'Parse Error'],
	UND_ERR_BODY_TIMEOUT: ['ETIMEDOUT', 'body ETIMEDOUT'],
};

/** undici 7 loses which of the parser's codes it was. */
const PARSER_CODES: Readonly<Record<string, string>> = { HTTPParserError: 'HPE_INVALID_RESPONSE' };

/** An error under the code that `node:http` has for it; programs look for those, not for undici's. */
export function nodeError(error: unknown): unknown {
	if (!(error instanceof Error)) return error;
	const { code = PARSER_CODES[error.name] } = error as { code?: string };
	const known = code === undefined ? undefined : NODE_CODES[code];
	if (!known) return error;
	return Object.assign(new Error(known[1], { cause: error }), { code: known[0] });
}
