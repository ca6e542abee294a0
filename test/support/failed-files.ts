/** What node:test tells a reporter of, as far as it matters here. */
interface TestEvent {
	readonly type: string;
	readonly data: { readonly file?: string };
}

/** A reporter of node:test: the files with a test that has failed, one a line, each once. */
export default async function* failedFiles(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
	const known = new Set<string>();
	for await (const { type, data } of events) {
		if (type !== 'test:fail' || data.file === undefined || known.has(data.file)) continue;
		known.add(data.file);
		yield `${data.file}\n`;
	}
}
