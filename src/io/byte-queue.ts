/** Bytes in the order of arrival, taken from the front by count or up to a separator, joined only when they are taken. */
export class ByteQueue {
	readonly #chunks: Buffer[] = [];
	#length = 0;

	/** Bytes held. */
	get length(): number {
		return this.#length;
	}

	/** Adds at the back. */
	push(chunk: Buffer): void {
		if (chunk.length === 0) return;
		this.#chunks.push(chunk);
		this.#length += chunk.length;
	}

	/** Puts back at the front what `take` gave. */
	unshift(chunk: Buffer): void {
		if (chunk.length === 0) return;
		this.#chunks.unshift(chunk);
		this.#length += chunk.length;
	}

	/** Removes and returns the first `count` bytes, or all there are; a whole chunk is handed over without a copy. */
	take(count: number): Buffer {
		const wanted = Math.min(count, this.#length);
		if (wanted === 0) return Buffer.alloc(0);
		this.#length -= wanted;
		const first = this.#chunks[0] as Buffer;
		if (first.length === wanted) return this.#chunks.shift() as Buffer;
		if (first.length > wanted) return this.#cut(0, wanted);
		return this.#join(wanted);
	}

	#cut(index: number, count: number): Buffer {
		const chunk = this.#chunks[index] as Buffer;
		this.#chunks[index] = chunk.subarray(count);
		return chunk.subarray(0, count);
	}

	#join(count: number): Buffer {
		let missing = count;
		let whole = 0;
		while (missing > 0 && (this.#chunks[whole] as Buffer).length <= missing) missing -= (this.#chunks[whole++] as Buffer).length;
		const last = missing > 0 ? [this.#cut(whole, missing)] : [];
		return Buffer.concat([...this.#chunks.splice(0, whole), ...last], count);
	}

	/**
	 * Where `pattern` begins, or -1.
	 * @param from position where the search begins: a caller that waits for more bytes need not look at the old ones again
	 */
	indexOf(pattern: Buffer, from = 0): number {
		let start = 0;
		for (let index = 0; index < this.#chunks.length; index++) {
			const chunk = this.#chunks[index] as Buffer;
			if (start + chunk.length > from) {
				const skip = Math.max(0, from - start);
				const inside = chunk.indexOf(pattern, skip);
				if (inside >= 0) return start + inside;
				const seam = this.#acrossSeam(index, pattern, skip);
				if (seam >= 0) return start + seam;
			}
			start += chunk.length;
		}
		return -1;
	}

	/** Where `pattern` begins near the end of one chunk and goes on in the next ones. */
	#acrossSeam(index: number, pattern: Buffer, skip: number): number {
		const overlap = pattern.length - 1;
		if (overlap === 0) return -1;
		const chunk = this.#chunks[index] as Buffer;
		const begin = Math.max(skip, chunk.length - overlap);
		const parts = [chunk.subarray(begin)];
		let missing = overlap;
		for (let next = index + 1; missing > 0 && next < this.#chunks.length; next++) {
			const part = (this.#chunks[next] as Buffer).subarray(0, missing);
			parts.push(part);
			missing -= part.length;
		}
		const at = Buffer.concat(parts).indexOf(pattern);
		return at < 0 ? -1 : begin + at;
	}
}
