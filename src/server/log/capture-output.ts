type Done = (error?: Error | null) => void;

interface OpenStream {
	write: (chunk: string | Uint8Array, encoding?: BufferEncoding | Done, done?: Done) => boolean;
}

/**
 * Lets what this thread prints through `process.stdout` and `process.stderr` go to `write`. The stream objects stay: whoever holds
 * one keeps it. What other threads, native code and children print goes to the descriptors 1 and 2 themselves.
 * @returns ends it, unless somebody else has begun to capture meanwhile
 */
export function captureOutput(write: (text: string) => void): () => void {
	const capture: OpenStream['write'] = (chunk, encoding, done) => {
		const callback = typeof encoding === 'function' ? encoding : done;
		const bytes = typeof chunk === 'string' ? Buffer.from(chunk, typeof encoding === 'string' ? encoding : 'utf8') : chunk;
		write(Buffer.from(bytes).toString());
		if (callback) process.nextTick(callback);
		return true;
	};
	const streams = [process.stdout, process.stderr] as unknown as readonly OpenStream[];
	// An own property that hides the one of its class.
	for (const stream of streams) stream.write = capture;
	return () => {
		for (const stream of streams) if (stream.write === capture) Reflect.deleteProperty(stream, 'write');
	};
}
