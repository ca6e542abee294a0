import { readdirSync, readFileSync } from 'node:fs';
import { freemem } from 'node:os';
import { InternalError } from '../../errors.js';

/** Mappings, bytes and descriptors that one parked thread costs, rounded up from measurements on Node 20 to 26. */
const MAPS_PER_THREAD = 60;
const BYTES_PER_THREAD = 14 * 1024 * 1024;
const FILES_PER_THREAD = 6;
/** Nobody profits from more: beyond it the scheduler's work eats the cores. */
const MOST = 1000;

/**
 * How many threads this process can carry. The kernel's limit on mappings is the wall: V8 does not fail with an
 * exception there but aborts the whole process, so it has to be kept away from beforehand.
 */
export function threadCap(): number {
	const maps = Math.floor((0.9 * (maxMaps() - usedMaps())) / MAPS_PER_THREAD);
	const memory = Math.floor((0.8 * availableMemory()) / BYTES_PER_THREAD);
	const files = Math.floor((0.9 * (maxFiles() - usedFiles())) / FILES_PER_THREAD);
	return Math.max(2, Math.min(MOST, maps, memory, files));
}

function maxMaps(): number {
	return number('/proc/sys/vm/max_map_count') ?? 65_530;
}

function usedMaps(): number {
	return text('/proc/self/maps')?.split('\n').length ?? 1000;
}

function availableMemory(): number {
	const free = availableInSystem() ?? freemem();
	// 0 or a huge number means that no control group limits this process.
	const limit = process.constrainedMemory?.() ?? 0;
	if (limit <= 0 || limit > 2 ** 50) return free;
	return Math.min(free, Math.max(0, limit - process.memoryUsage.rss()));
}

function availableInSystem(): number | undefined {
	const match = /^MemAvailable:\s+(\d+) kB/m.exec(text('/proc/meminfo') ?? '');
	return match ? Number(match[1]) * 1024 : undefined;
}

function maxFiles(): number {
	const match = /^Max open files\s+(\d+|unlimited)/m.exec(text('/proc/self/limits') ?? '');
	if (!match || match[1] === 'unlimited') return 1_000_000;
	return Number(match[1]);
}

function usedFiles(): number {
	try {
		return readdirSync('/proc/self/fd').length;
	} catch (error) {
		return absent(error, 64);
	}
}

function number(path: string): number | undefined {
	const read = text(path);
	return read === undefined ? undefined : Number(read);
}

/** The text of a file of /proc, or undefined on systems without it. */
function text(path: string): string | undefined {
	try {
		return readFileSync(path, 'utf8');
	} catch (error) {
		return absent(error, undefined);
	}
}

function absent<T>(error: unknown, instead: T): T {
	if (error instanceof Error && 'code' in error) return instead;
	throw new InternalError(`Reading /proc failed: ${String(error)}`);
}
