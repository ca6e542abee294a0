import type { IncomingMessage } from 'node:http';
import { RequestBody } from './request-body.js';

/**
 * The whole body of a request; parks the greenlet until it has arrived, and does not park when it is there already.
 * A second call returns the same Buffer; the request's own stream is then at its end. For greenlets under `tsgunicorn`.
 *
 * @param request the request as the app's handler got it
 * @returns the bytes; empty for a request without a body
 * @throws BusyError `ERR_BUSY` when the body is being read as a stream already
 * @throws Error `ECONNRESET` when the client leaves before it has sent all of it
 * @throws TypeError `ERR_INVALID_ARG_VALUE` for a request that did not come through `tsgunicorn`
 * @example
 * ```ts
 * import type { IncomingMessage, ServerResponse } from 'node:http';
 *
 * export function handler(req: IncomingMessage, res: ServerResponse): void {
 * 	const order = JSON.parse(readBodySync(req).toString());
 * 	res.end(`Thank you for ${order.count} pieces`);
 * }
 * ```
 */
export function readBodySync(request: IncomingMessage): Buffer {
	const body = RequestBody.of(request);
	if (body) return body.readSync();
	const error = new TypeError(
		'Cannot read the body of this request with readBodySync(): it was not received by tsgunicorn, but by a server of its own',
	);
	throw Object.assign(error, { code: 'ERR_INVALID_ARG_VALUE' });
}
