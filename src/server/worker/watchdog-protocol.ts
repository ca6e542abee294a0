/** What the arbiter asks of a watchdog. */
export interface StacksRequest {
	/** Comes back with the answer. */
	readonly id: number;
	/** Why, for the text: `WORKER TIMEOUT`. */
	readonly reason: string;
}

/** What a watchdog tells the arbiter: the answer to a request, or stacks that somebody else has asked for. */
export interface Stacks {
	/** 0: the arbiter has not asked. */
	readonly id: number;
	readonly text: string;
}

/** One message for the line: JSON, and a line break, which JSON itself never contains. */
export function encodeMessage(message: StacksRequest | Stacks): string {
	return `${JSON.stringify(message)}\n`;
}

/** Puts together what arrives in pieces. */
export class MessageReader<Message> {
	readonly #receive: (message: Message) => void;
	#pieces: string[] = [];

	constructor(receive: (message: Message) => void) {
		this.#receive = receive;
	}

	/** Takes the next piece, decoded. */
	push(piece: string): void {
		const [end = '', ...more] = piece.split('\n');
		this.#pieces.push(end);
		for (const start of more) {
			const line = this.#pieces.join('');
			this.#pieces = [start];
			this.#receive(JSON.parse(line) as Message);
		}
	}
}
