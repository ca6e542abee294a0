const HEAD_END = '\r\n\r\n';
/** Where the status stands in `HTTP/1.1 200 OK`. */
const STATUS_AT = 9;

/** Reads the status, the header and the length of a response off the bytes that go by. */
export class ResponseMeter {
	/** 0 until the header has gone by. */
	status = 0;
	#head: Buffer | undefined;
	/** The beginning of a header that has not gone by completely. */
	#part: Buffer | undefined;
	#bytes = 0;
	#notBody = 0;

	/** Some more of the response. */
	add(bytes: Buffer): void {
		this.#bytes += bytes.length;
		if (!this.#head) this.#look(this.#part ? Buffer.concat([this.#part, bytes]) : bytes);
	}

	#look(bytes: Buffer): void {
		let rest = bytes;
		for (let end = rest.indexOf(HEAD_END); end >= 0; end = rest.indexOf(HEAD_END)) {
			const status = Number(rest.toString('latin1', STATUS_AT, STATUS_AT + 3));
			end += HEAD_END.length;
			this.#notBody += end;
			if (status >= 200) {
				this.status = status;
				this.#head = rest.subarray(0, end);
				return;
			}
			// An early hint; the response itself follows.
			rest = rest.subarray(end);
		}
		this.#part = rest;
	}

	/** What there is to say of it. */
	get measured(): { status: number; head: () => string; bytes: number } {
		const head = this.#head;
		return { status: this.status, head: () => head?.toString('latin1') ?? '', bytes: head ? this.#bytes - this.#notBody : 0 };
	}
}
