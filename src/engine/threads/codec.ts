import type { MessagePort } from 'node:worker_threads';
import { callerFrames, rehome } from '../error-codec.js';
import type { Letter } from './letter.js';
import { prepare, revive, tagged, unsendable } from './structure.js';
import { PORT_FORMAT } from './wire.js';

export { Lent, registerHandle, type StandIn, type Transferable } from './structure.js';

/** How a message lies in a cell. */
const UNDEFINED = 0;
const NULL = 1;
const TRUE = 2;
const FALSE = 3;
const NUMBERS = 4;
const NUMBER = 5;
const TEXT = 6;
const BYTES = 7;
const JSON_TEXT = 8;
const CLONE = 9;

/** Text longer than this is cheaper to clone than to escape as JSON. */
const JSON_LIMIT = 2048;

/**
 * One message, taken apart as far as the hub needs: it can be passed on to another thread without
 * being decoded, because only its sender and its receiver know what the values mean.
 */
export interface Packet {
	readonly format: number;
	readonly text?: string;
	readonly bytes?: Uint8Array;
	readonly numbers?: readonly number[];
	readonly value?: unknown;
	/** Handles inside, which the receiver comes to hold. */
	readonly handles?: readonly number[];
	/** Modules to import before it is unpacked. */
	readonly modules?: readonly string[];
	/** A packet inside, for the hub to pass on unread: what a spawned greenlet is to run. */
	readonly inner?: Packet;
	/** Set on an error that some greenlet threw: its own stack matters, not only the caller's. */
	readonly thrown?: true;
}

const PLAIN: Readonly<Record<number, Packet>> = {
	[UNDEFINED]: { format: UNDEFINED },
	[NULL]: { format: NULL },
	[TRUE]: { format: TRUE },
	[FALSE]: { format: FALSE },
};

/** Packs one value. @throws NotSpawnableError naming where in `root` the unsendable part is */
export function pack(value: unknown, root = 'value'): Packet {
	switch (typeof value) {
		case 'undefined':
			return PLAIN[UNDEFINED] as Packet;
		case 'boolean':
			return PLAIN[value ? TRUE : FALSE] as Packet;
		case 'number':
			return { format: NUMBER, numbers: [value] };
		case 'string':
			// A cell holds UTF-8, which has no lone surrogates; clone and JSON's escapes keep them.
			return value.isWellFormed() ? { format: TEXT, text: value } : { format: CLONE, value };
	}
	if (value === null) return PLAIN[NULL] as Packet;
	if (Buffer.isBuffer(value)) return { format: BYTES, bytes: value };
	return packStructure(value, root);
}

function packStructure(value: unknown, root: string, skip = 0): Packet {
	const { data, json, text, handles, modules } = prepare(value, root, skip);
	if (json && text <= JSON_LIMIT) return { format: JSON_TEXT, text: JSON.stringify(data) };
	return {
		format: CLONE,
		value: data,
		...(handles.length > 0 ? { handles } : {}),
		...(modules.length > 0 ? { modules } : {}),
	};
}

/** Packs an argument list: numbers and one trailing Buffer lie bare in the cell, JSON and one trailing Buffer come next. `skip` of them are not counted in messages. */
export function packArguments(args: readonly unknown[], root = 'argument', skip = 0): Packet {
	const last = args[args.length - 1];
	const bytes = Buffer.isBuffer(last) ? last : undefined;
	const rest = bytes ? args.length - 1 : args.length;
	if (rest <= 4 && allNumbers(args, rest)) {
		const numbers = rest === args.length ? (args as readonly number[]) : (args.slice(0, rest) as number[]);
		return bytes ? { format: NUMBERS, numbers, bytes } : { format: NUMBERS, numbers };
	}
	try {
		const packet = packStructure(bytes ? args.slice(0, rest) : args, root, skip);
		return bytes ? { ...packet, bytes } : packet;
	} catch (error) {
		throw rehome(error, callerFrames(packArguments)); // the way down to the bad value would crowd the caller out of the stack
	}
}

function allNumbers(args: readonly unknown[], count: number): boolean {
	for (let i = 0; i < count; i++) if (typeof args[i] !== 'number') return false;
	return true;
}

/** The value of a packet made by `pack`. */
export function unpack(packet: Packet): unknown {
	switch (packet.format) {
		case UNDEFINED:
			return undefined;
		case NULL:
			return null;
		case TRUE:
			return true;
		case FALSE:
			return false;
		case NUMBER:
			return packet.numbers?.[0];
		case TEXT:
			return packet.text;
		case BYTES:
			return asBuffer(packet.bytes as Uint8Array);
		case JSON_TEXT:
			return JSON.parse(packet.text as string);
		default:
			return revive(packet.value);
	}
}

/** The arguments of a packet made by `packArguments`. */
export function unpackArguments(packet: Packet): unknown[] {
	const args = packet.format === NUMBERS ? [...(packet.numbers as number[])] : (unpack(packet) as unknown[]);
	if (packet.bytes) args.push(asBuffer(packet.bytes));
	return args;
}

function asBuffer(bytes: Uint8Array): Buffer {
	return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Whether a packet can be laid into a cell or slot. */
export function fits(letter: Letter, { format, text, bytes, thrown }: Packet): boolean {
	const room = text === undefined ? 0 : text.length * 3; // UTF-8 needs at most three bytes for one UTF-16 unit
	return format !== CLONE && !thrown && room + (bytes?.byteLength ?? 0) < letter.payload.length;
}

/**
 * Writes a packet into a cell or, where it does not fit, ahead over the port; true in the second case.
 * `owned` says that nobody keeps the buffer, which then changes hands without a copy.
 */
export function store(cell: Letter, packet: Packet, port: MessagePort, owned: boolean): boolean {
	const { text, bytes, numbers } = packet;
	if (!fits(cell, packet)) {
		cell.format = PORT_FORMAT;
		postPacket(port, packet, owned);
		return true;
	}
	cell.format = packet.format;
	if (numbers) {
		cell.count = numbers.length;
		for (let i = 0; i < numbers.length; i++) cell.numbers[i] = numbers[i] as number;
	}
	const used = text === undefined ? 0 : cell.payload.write(text, 0, 'utf8');
	cell.length = used;
	if (bytes) cell.payload.set(bytes, used);
	cell.tail = bytes ? bytes.byteLength : -1;
	return false;
}

/** Posts a packet; a large buffer that nobody else sees is moved, not copied. */
export function postPacket(port: MessagePort, packet: Packet, owned: boolean): void {
	const { bytes } = packet;
	try {
		if (!bytes) port.postMessage(packet);
		else {
			// A view would be cloned with all of the buffer below it, which may be many times larger.
			const moved = owned && bytes.byteLength === bytes.buffer.byteLength ? bytes : Uint8Array.prototype.slice.call(bytes);
			port.postMessage({ ...packet, bytes: moved }, [moved.buffer as ArrayBuffer]);
		}
	} catch (cause) {
		throw unsendable(cause);
	}
}

/** Reads the packet of a cell; `takePort` yields the message that went ahead. */
export function load(cell: Letter, takePort: () => Packet): Packet {
	const format = cell.format;
	switch (format) {
		case PORT_FORMAT:
			return takePort();
		case UNDEFINED:
		case NULL:
		case TRUE:
		case FALSE:
			return PLAIN[format] as Packet;
		case NUMBER:
			return { format, numbers: [cell.numbers[0] as number] };
	}
	const { length, tail } = cell;
	const bytes = tail < 0 ? undefined : copyOut(cell.payload, length, tail);
	if (format === NUMBERS) {
		const numbers = Array.from(cell.numbers.subarray(0, cell.count));
		return bytes ? { format, numbers, bytes } : { format, numbers };
	}
	if (format === BYTES) return { format, bytes: bytes as Buffer };
	const text = cell.payload.toString('utf8', 0, length);
	return bytes ? { format, text, bytes } : { format, text };
}

function copyOut(payload: Buffer, start: number, length: number): Buffer {
	const bytes = Buffer.allocUnsafe(length);
	payload.copy(bytes, 0, start, start + length);
	return bytes;
}

/** An answer that is an error, packed so that class, code, cause and fields survive. */
export function packError(error: unknown): Packet {
	try {
		const { data, handles } = prepare(error, 'error');
		return { format: CLONE, value: data, handles };
	} catch (cause) {
		// What was thrown holds something that cannot travel; its message and stack still can.
		const stand = new Error(error instanceof Error ? error.message : String(error), { cause: String(cause) });
		if (error instanceof Error && error.stack) stand.stack = error.stack;
		return { format: CLONE, value: prepare(stand, 'error').data };
	}
}

/** A packet that the receiver turns into the object its own `Transferable` of this tag finds by `data`. */
export function packTag(tag: string, data: unknown): Packet {
	return { format: CLONE, value: tagged(tag, data) };
}

/** A packet of data that needs no scan, carrying another packet for a third party. */
export function packOrder(value: readonly unknown[], inner: Packet): Packet {
	return { format: CLONE, value, inner };
}
