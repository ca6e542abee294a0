/** The two handlers in blocking style, for `tsgunicorn --worker-class gevent`. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { sleep } from '../../src/index.js';

export function hello(_request: IncomingMessage, response: ServerResponse): void {
	response.end('Hello, world\n');
}

export function sleepy(_request: IncomingMessage, response: ServerResponse): void {
	sleep(50);
	response.end('Hello, world\n');
}
