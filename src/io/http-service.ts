import { ClosedError } from '../errors.js';
import { LATER, type Service } from '../hub/service.js';
import { HttpExchange } from './http-exchange.js';
import { ABANDON, FINISH, READ_BODY, REQUEST, type RequestHead, SEND, UPLOAD, unpack } from './http-messages.js';
import { HttpPool } from './http-pool.js';
import { Upload } from './http-upload.js';

/** Makes HTTP requests for greenlets. Runs on the hub. */
export const httpService: Service = (host) => {
	const pool = new HttpPool();

	const exchange = (handle: number): HttpExchange => {
		const found = host.resource(handle);
		if (found instanceof HttpExchange) return found;
		throw new ClosedError('Cannot go on with the request: it was closed');
	};

	host.handle(REQUEST, (request, frame) => {
		const { head, bytes } = unpack<RequestHead>(frame);
		new HttpExchange(host, pool, head, bytes.length > 0 ? bytes : null).start(request);
		return LATER;
	});

	host.handle(UPLOAD, (request, frame) => {
		const { head } = unpack<RequestHead>(frame);
		return new HttpExchange(host, pool, head, new Upload()).startUpload(request);
	});

	host.handle(SEND, (request, handle, chunk) => {
		exchange(handle).upload.send(request, chunk);
		return LATER;
	});

	host.handle(FINISH, (request, handle) => {
		const open = exchange(handle);
		open.upload.finish();
		open.answer(request);
		return LATER;
	});

	host.handle(READ_BODY, (request, handle, atLeast, max) => {
		exchange(handle).read(request, atLeast, max);
		return LATER;
	});

	host.handle(ABANDON, (request, handle) => {
		// Gone already when the body came to its end meanwhile.
		if (host.resource(handle)) host.release(handle, request.owner);
	});
};
