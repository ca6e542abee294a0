import type { Duplex } from 'node:stream';
import { encodeMessage, MessageReader, type Stacks } from '../worker/watchdog-protocol.js';

/** How long a watchdog may take, in milliseconds; it stops looking by itself before that. */
const ANSWER_MS = 2_000;

interface Question {
	answer(text: string): void;
}

/**
 * The arbiter's end of the line to the watchdog thread of one worker. Its mere end tells that thread that the arbiter has died: whoever
 * closes it ends the worker.
 */
export class WatchdogLine {
	readonly #stream: Duplex;
	readonly #questions = new Map<number, Question>();
	#lastId = 0;
	#closed: string | undefined;

	/**
	 * @param stream the arbiter's end, `child.stdio[4]`
	 * @param onStacks hears of stacks that were asked for in the worker itself, and of what nobody can read
	 */
	constructor(stream: Duplex, onStacks: (text: string) => void) {
		this.#stream = stream;
		const reader = new MessageReader<Stacks>(({ id, text }) => {
			if (id === 0) onStacks(text);
			else this.#questions.get(id)?.answer(text);
		});
		stream.setEncoding('utf8').on('data', (piece: string) => {
			try {
				reader.push(piece);
			} catch (error) {
				// The app has the descriptor, too, and may have taken it for something else.
				onStacks(`Cannot read what came over the line of its watchdog: ${(error as Error).message}`);
			}
		});
		stream.on('error', (error) => this.#close(error.message));
		stream.on('close', () => this.#close('it has ended'));
	}

	/**
	 * Fetches the stacks of the worker's hub and greenlets.
	 * @param reason for the text, such as `WORKER TIMEOUT`
	 * @returns the text, without a line break at its end; after 2 s at the latest, and never rejects: where there are no stacks it says why
	 */
	requestStacks(reason: string): Promise<string> {
		return new Promise((resolve) => {
			if (this.#closed !== undefined) {
				resolve(`No stacks (${reason}): the watchdog thread is gone, ${this.#closed}`);
				return;
			}
			const id = ++this.#lastId;
			const answer = (text: string): void => {
				clearTimeout(deadline);
				this.#questions.delete(id);
				resolve(text);
			};
			const deadline = setTimeout(
				() => answer(`No stacks (${reason}): the watchdog thread has not answered within ${ANSWER_MS} ms`),
				ANSWER_MS,
			);
			this.#questions.set(id, { answer });
			this.#stream.write(encodeMessage({ id, reason }));
		});
	}

	/** Ends the line. */
	close(): void {
		this.#stream.destroy();
		this.#close('the line was closed');
	}

	#close(why: string): void {
		this.#closed ??= why;
		for (const question of [...this.#questions.values()]) question.answer(`No stacks: the watchdog thread is gone, ${this.#closed}`);
	}
}
